import { expect, test } from 'vitest';
import { listRuns } from '../../../src/tracking/read-runs.js';
import { seededRandom } from '../../../src/util/random.js';
import { workplace } from '../tracking-support.js';
import { evaluate, type FieldName, fieldOf, numberIn } from './evaluator.js';
import { randomField, randomTree, writeField, writeTree } from './random-filters.js';
import { type Known, randomRun, recordRuns } from './random-runs.js';

async function randomStore(seed: number, count: number) {
  const random = seededRandom(seed);
  const { store } = await workplace();
  const runs = Array.from({ length: count }, (_, index) => randomRun(random, index));
  await recordRuns(store, runs);
  return { store, runs, random };
}

test('a filter finds what its meaning says, in whatever way it is written', async () => {
  const { store, runs, random } = await randomStore(3, 80);
  let found = 0;
  for (let i = 0; i < 1000; i++) {
    const tree = randomTree(random);
    const where = writeTree(random, tree);
    const page = await listRuns(store, { where, limit: 1000, includeMetrics: false });
    const fitting = runs.filter((run) => evaluate(tree, run) === true).reverse();
    expect({ where, ids: page.items.map((item) => item.run_id) }).toEqual({
      where,
      ids: fitting.map((run) => run.id),
    });
    expect(page.total).toBe(fitting.length);
    found += fitting.length;
  }
  expect(found).toBeGreaterThan(5000);
});

/** What a run is sorted by: null last; numbers before text. */
function compareBy(field: FieldName, descending: boolean, a: Known, b: Known): number {
  const key = (run: Known) => {
    const value = fieldOf(field, run);
    const number =
      typeof value === 'string' && (field.kind === 'params' || field.kind === 'tags')
        ? numberIn(value)
        : null;
    const known = number ?? value;
    return typeof known === 'boolean' ? Number(known) : Number.isNaN(known) ? null : known;
  };
  const [x, y] = [key(a), key(b)];
  if (x === y || (x === null && y === null)) return 0;
  if (x === null || y === null) return x === null ? 1 : -1;
  const rank = typeof x === typeof y ? 0 : typeof x === 'number' ? -1 : 1;
  const order =
    rank ||
    (typeof x === 'string'
      ? Buffer.compare(Buffer.from(x), Buffer.from(y as string))
      : x < (y as number)
        ? -1
        : 1);
  return descending ? -order : order;
}

test('an order sorts missing values and NaN last and equal runs newest first, and pages by mark as by offset', async () => {
  const { store, runs, random } = await randomStore(5, 60);
  for (let i = 0; i < 80; i++) {
    const keys = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      field: randomField(random),
      descending: random() < 0.5,
    }));
    const order = keys
      .map(
        ({ field, descending }) =>
          `${writeField(random, field)}${descending ? ' desc' : random() < 0.5 ? '' : ' ASC'}`,
      )
      .join(', ');
    const sorted = [...runs].sort((a, b) => {
      for (const { field, descending } of keys) {
        const difference = compareBy(field, descending, a, b);
        if (difference !== 0) return difference;
      }
      return b.index - a.index;
    });
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await listRuns(store, {
        order,
        limit: 1 + Math.floor(random() * 30),
        after,
        includeMetrics: false,
      });
      ids.push(...page.items.map((item) => item.run_id));
      expect(page.total).toBe(60);
      after = page.next_after ?? undefined;
    } while (after !== undefined);
    expect({ order, ids }).toEqual({ order, ids: sorted.map((run) => run.id) });
    const middle = await listRuns(store, { order, limit: 7, offset: 20, includeMetrics: false });
    expect(middle.items.map((item) => item.run_id)).toEqual(ids.slice(20, 27));
  }
});
