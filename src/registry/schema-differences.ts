/** The part of a model's signature that its callers depend on. */
export interface SignatureLike {
  features: readonly { name: string; type: string }[];
  target: { name: string; classes: readonly (string | number | boolean)[] | null };
}

export interface SchemaComparison {
  compatible: boolean;
  /** Each difference in one clause that names the feature; empty when compatible. */
  differences: string[];
}

function quoted(names: string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

/** A feature that takes any number takes every integer. */
function takesAll(candidate: string, current: string): boolean {
  return candidate === current || (candidate === 'number' && current === 'integer');
}

function featureDifferences(current: SignatureLike, candidate: SignatureLike): string[] {
  const before = new Map(current.features.map((feature) => [feature.name, feature.type]));
  const after = new Map(candidate.features.map((feature) => [feature.name, feature.type]));
  const removed = [...before.keys()].filter((name) => !after.has(name));
  const added = [...after.keys()].filter((name) => !before.has(name));
  const differences: string[] = [];
  if (removed.length > 0) differences.push(`no longer takes ${quoted(removed)}`);
  if (added.length > 0) differences.push(`also needs ${quoted(added)}`);
  for (const [name, type] of before) {
    const now = after.get(name);
    if (now !== undefined && !takesAll(now, type)) differences.push(`"${name}" is ${now} and was ${type}`);
  }
  return differences.length > 0 ? differences : orderDifference([...before.keys()], [...after.keys()]);
}

/** Order matters to callers who send features as an array. */
function orderDifference(before: string[], after: string[]): string[] {
  const moved = before.findIndex((name, place) => name !== after[place]);
  if (moved < 0) return [];
  return [
    `the order of features changed: place ${moved + 1} is "${after[moved]}" and was "${before[moved]}"`,
  ];
}

function targetDifferences(current: SignatureLike['target'], candidate: SignatureLike['target']): string[] {
  if (current.name !== candidate.name) return [`predicts "${candidate.name}" and not "${current.name}"`];
  const [before, after] = [JSON.stringify(current.classes), JSON.stringify(candidate.classes)];
  return before === after ? [] : [`the classes are ${after} and were ${before}`];
}

/**
 * What a caller of the current model would notice if the candidate took its place: features added, removed, moved or
 * of another type, another target or other classes. New categories and wider ranges are fine, and so is an integer
 * that became a number.
 */
export function schemaDifferences(current: SignatureLike, candidate: SignatureLike): SchemaComparison {
  const differences = [
    ...featureDifferences(current, candidate),
    ...targetDifferences(current.target, candidate.target),
  ];
  return { compatible: differences.length === 0, differences };
}
