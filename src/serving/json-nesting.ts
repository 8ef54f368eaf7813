/**
 * Whether arrays and objects lie more than `most` deep in each other in a value of JSON.parse, which takes any depth. What walks through
 * the value later may not: JSON.stringify, a message to a thread.
 */
export function nestsDeeper(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (most === 0) return true;
  if (Array.isArray(value)) {
    for (const one of value) if (typeof one === 'object' && nestsDeeper(one, most - 1)) return true;
    return false;
  }
  for (const key in value) {
    const one = (value as Record<string, unknown>)[key];
    if (typeof one === 'object' && nestsDeeper(one, most - 1)) return true;
  }
  return false;
}
