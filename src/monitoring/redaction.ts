import type { LoggedPrediction } from './logged-prediction.js';

/** Takes values out of entries before they are written. */
export interface Redaction {
  /** Whether a field's value is never kept. */
  covers(field: string): boolean;
  /** The patterns that match none of these names. */
  unmatched(names: readonly string[]): string[];
  /**
   * The entry without the values of the fields: null in their place, and their names in `redacted`.
   * @param features the names of a row that is an array, in its order; a row whose names are not known keeps nothing
   */
  apply(entry: LoggedPrediction, features: readonly string[] | null): LoggedPrediction;
}

/** What a row is called whose fields have no names. */
const WHOLE_ROW = '*';

/** `customer.*` matches `customer.` and whatever follows; `*` any run of characters. */
function matcherOf(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern;
  const [first, ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  return (name) => {
    if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
      return false;
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= name.length - last.length;
  };
}

function redactObject(inputs: object, covers: (field: string) => boolean) {
  const redacted: string[] = [];
  const entries = Object.entries(inputs).map(([name, value]): [string, unknown] => {
    if (!covers(name)) return [name, value];
    redacted.push(name);
    return [name, null];
  });
  // fromEntries makes every key the object's own, __proto__ too.
  return { inputs: redacted.length === 0 ? inputs : Object.fromEntries(entries), redacted };
}

function redactArray(
  inputs: readonly unknown[],
  features: readonly string[] | null,
  covers: (field: string) => boolean,
) {
  if (features === null || features.length !== inputs.length) return { inputs: null, redacted: [WHOLE_ROW] };
  const redacted = features.filter(covers);
  const kept = inputs.map((value, i) => (covers(features[i]) ? null : value));
  return { inputs: redacted.length === 0 ? inputs : kept, redacted };
}

/**
 * What keeps the values of some fields out of the prediction log; null where the list is empty.
 * @param patterns names of fields, or patterns with `*`
 */
export function compileRedaction(patterns: readonly string[]): Redaction | null {
  if (patterns.length === 0) return null;
  const matchers = patterns.map((pattern) => ({ pattern, matches: matcherOf(pattern.normalize('NFC')) }));
  const known = new Map<string, boolean>();
  const covers = (field: string): boolean => {
    const before = known.get(field);
    if (before !== undefined) return before;
    const found = matchers.some(({ matches }) => matches(field.normalize('NFC')));
    // Names come from outside, and without end.
    if (known.size < 10_000) known.set(field, found);
    return found;
  };
  return {
    covers,
    unmatched: (names) =>
      matchers
        .filter(({ matches }) => !names.some((name) => matches(name.normalize('NFC'))))
        .map(({ pattern }) => pattern),
    apply(entry, features) {
      const { inputs: given } = entry;
      if (typeof given !== 'object' || given === null) return entry;
      const { inputs, redacted } = Array.isArray(given)
        ? redactArray(given, features, covers)
        : redactObject(given, covers);
      return redacted.length === 0 ? entry : { ...entry, inputs, redacted };
    },
  };
}
