import { seededRandom, shuffledIndices } from '../util/random.js';
import { splitKeys } from './split-column.js';
import type { Parts } from './split-rule.js';
import type { Table } from './table.js';

/** The rows of each group, the groups in the order of their first rows. */
export function groupRows(table: Table, column: string, rows: Int32Array): number[][] {
  const keys = splitKeys(table, column, rows, 'group');
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const members = groups.get(keys[row]);
    if (members === undefined) groups.set(keys[row], [row]);
    else members.push(row);
  }
  return [...groups.values()];
}

/** The groups in a random order. */
export function shuffleGroups(groups: number[][], seed: number): number[][] {
  return Array.from(shuffledIndices(groups.length, seededRandom(seed)), (at) => groups[at]);
}

/** Whole groups, taken in random order while they bring the test part nearer to its share; one at least stays behind. */
export function splitByGroup(
  table: Table,
  column: string,
  fraction: number,
  rows: Int32Array,
  seed: number,
): Parts {
  const groups = shuffleGroups(groupRows(table, column, rows), seed);
  const goal = rows.length * fraction;
  const test = new Set<number[]>();
  let size = 0;
  for (const group of groups) {
    if (test.size === groups.length - 1) break;
    if (Math.abs(size + group.length - goal) >= Math.abs(size - goal)) continue;
    test.add(group);
    size += group.length;
  }
  if (test.size === 0 && groups.length > 1) test.add(groups.reduce((a, b) => (b.length < a.length ? b : a)));
  const part = (inTest: boolean) =>
    Int32Array.from(groups.filter((group) => test.has(group) === inTest).flat()).sort();
  return { train: part(false), test: part(true) };
}
