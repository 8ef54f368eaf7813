import { type ComparedKey, compareKeys } from './compare-runs.js';

/** The facts of an environment by dotted name, as text: `{ node: { version: 'v20' } }` is `node.version`. */
function flatten(value: unknown, name = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, item]) => flatten(item, name === '' ? key : `${name}.${key}`));
}

/** What two runs recorded of the machine and programs they ran on; null when one of them recorded nothing. */
export function compareEnvironments(a: string | null, b: string | null): ComparedKey<string>[] | null {
  if (a === null || b === null) return null;
  return compareKeys([a, b].map((text) => Object.fromEntries(flatten(JSON.parse(text)))));
}
