interface FeatureLike {
  name: string;
  type: string;
  /** `time` orders the rows, `group` tells series apart, `past` is known up to the row before. */
  role?: string;
  /** past: up to so many rows before; 1 when left out. */
  ahead?: number;
}

/** The part of a model's signature that its callers depend on. */
export interface SignatureLike {
  features: readonly FeatureLike[];
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
  const before = new Map(current.features.map((feature) => [feature.name, feature]));
  const after = new Map(candidate.features.map((feature) => [feature.name, feature]));
  const removed = [...before.keys()].filter((name) => !after.has(name));
  const added = [...after.keys()].filter((name) => !before.has(name));
  const differences: string[] = [];
  if (removed.length > 0) differences.push(`no longer takes ${quoted(removed)}`);
  if (added.length > 0) differences.push(`also needs ${quoted(added)}`);
  for (const [name, was] of before) {
    const now = after.get(name);
    if (now === undefined) continue;
    if (!takesAll(now.type, was.type)) differences.push(`"${name}" is ${now.type} and was ${was.type}`);
    const role = roleDifference(was, now);
    if (role !== undefined) differences.push(`"${name}" ${role}`);
  }
  return differences.length > 0 ? differences : orderDifference([...before.keys()], [...after.keys()]);
}

/** What a row must say, and of which rows; a value may be known later than the model needs it, not earlier. */
function roleDifference(was: FeatureLike, now: FeatureLike): string | undefined {
  const named = ({ role }: FeatureLike) => (role === undefined ? 'no role' : `the role ${role}`);
  if (was.role !== now.role) return `has ${named(now)} and had ${named(was)}`;
  const [needed, given] = [now.ahead ?? 1, was.ahead ?? 1];
  if (needed >= given) return undefined;
  return `must be known up to ${needed} ${needed === 1 ? 'row' : 'rows'} before and was up to ${given}`;
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
 * What a caller of the current model would notice if the candidate took its place: features added, removed, moved,
 * of another type or role, another target or other classes. New categories and wider ranges are fine, and so is an integer
 * that became a number.
 */
export function schemaDifferences(current: SignatureLike, candidate: SignatureLike): SchemaComparison {
  const differences = [
    ...featureDifferences(current, candidate),
    ...targetDifferences(current.target, candidate.target),
  ];
  return { compatible: differences.length === 0, differences };
}
