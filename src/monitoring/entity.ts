/** A thing that predictions and outcomes are about, told by the values of a row's fields: one text for each thing. */

type Scalar = string | number | boolean;

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value));

/** The key of these values: of one its text, of several their texts as JSON; undefined where one of them is missing. */
function keyOfValues(values: readonly unknown[]): string | undefined {
  if (values.length === 0 || !values.every(isScalar)) return undefined;
  const texts = values.map((value) => String(value).trim());
  if (texts.includes('')) return undefined;
  return texts.length === 1 ? texts[0] : JSON.stringify(texts);
}

/**
 * The key that an outcome names: one value; for a thing of several fields their values in the order of the setting, or an object by field.
 * @param fields of the model; empty where none are set
 * @returns undefined for what names nothing
 */
export function givenEntityKey(given: unknown, fields: readonly string[]): string | undefined {
  if (isScalar(given)) return keyOfValues([given]);
  if (Array.isArray(given)) return given.length > 1 || fields.length === 1 ? keyOfValues(given) : undefined;
  if (typeof given !== 'object' || given === null || fields.length === 0) return undefined;
  const own = given as Record<string, unknown>;
  if (Object.keys(own).length !== fields.length) return undefined;
  return keyOfValues(fields.map((field) => (Object.hasOwn(own, field) ? own[field] : undefined)));
}

/**
 * The value of a field in a row as it was logged; undefined when the row does not have it.
 * @param features the names of a row that is an array, in its order; null where they are not known
 */
export function fieldOf(inputs: unknown, field: string, features: readonly string[] | null): unknown {
  if (Array.isArray(inputs)) {
    const at = features?.indexOf(field) ?? -1;
    return at < 0 ? undefined : inputs[at];
  }
  if (typeof inputs !== 'object' || inputs === null || !Object.hasOwn(inputs, field)) return undefined;
  return (inputs as Record<string, unknown>)[field];
}

/** The key of the thing that a logged row is about; undefined when it names none. */
export function rowEntityKey(
  inputs: unknown,
  fields: readonly string[],
  features: readonly string[] | null,
): string | undefined {
  return keyOfValues(fields.map((field) => fieldOf(inputs, field, features)));
}
