import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownRows } from '../../src/datasets/known-rows.js';
import { signatureOf } from '../../src/datasets/signature.js';
import { numbers, tableOf, texts } from './support/tables.js';

const TARGET = { name: 'y', type: 'number', classes: null } as const;

/** All rows of a table with a number and a text, of which `known` are known. */
function knownRows(rows: [number, string | null, number][], known: number[]) {
  const table = tableOf(
    numbers(
      'x',
      rows.map(([x]) => x),
    ),
    texts(
      'k',
      rows.map(([, k]) => k),
    ),
  );
  const all = Int32Array.from(rows.keys());
  const y = Float64Array.from(rows, ([, , target]) => target);
  const signature = signatureOf(table, ['x', 'k'], all, TARGET);
  return new KnownRows(signature, table, Int32Array.from(known), y);
}

/** As a request has it: a missing value is null. */
const asJson = ([x, k]: [number, string | null, number]) => ({ x: Number.isNaN(x) ? null : x, k });

test('a row of JSON is known exactly when one with the same values and target is among them', () => {
  const value = fc.constantFrom(0, -0, 1, 0.1, Number.NaN, 1e300);
  const row = fc.tuple(value, fc.constantFrom('a', '나', null), fc.constantFrom(0, 1, 2.5));
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 2, maxLength: 30 }),
      fc.integer({ min: 1, max: 29 }),
      (rows, cut) => {
        const known = rows.slice(0, cut);
        const asked = knownRows(rows, [...known.keys()]);
        const same = (a: number, b: number) => a === b || (Number.isNaN(a) && Number.isNaN(b));
        for (const one of rows) {
          const isKnown = known.some(([x, k, y]) => same(x, one[0]) && k === one[1] && y === one[2]);
          expect(asked.has(asJson(one), one[2])).toBe(isKnown);
        }
      },
    ),
  );
});

test('the numbers of a grid, much alike in their bits, are told apart', () => {
  const grid = Array.from({ length: 40_000 }, (_, i): [number, string, number] => [
    ...([Math.floor(i / 2), i % 2 === 0 ? 'a' : 'b', (i >> 4) % 3] as const),
  ]);
  const even = grid.flatMap(([x], i) => (x % 2 === 0 ? [i] : []));
  const asked = knownRows(grid, even);
  const wrong = grid.filter((one) => asked.has(asJson(one), one[2]) !== (one[0] % 2 === 0));
  expect(wrong).toEqual([]);
});

test('a value that the log does not keep is left out, and a row without any cannot be compared', () => {
  const asked = knownRows(
    [
      [1, 'a', 0],
      [2, 'b', 1],
    ],
    [0],
  );
  expect(asked.has({ x: null, k: 'a' }, 0)).toBe(false);
  expect(asked.has({ x: null, k: 'a' }, 0, ['x'])).toBe(true);
  expect(asked.has({ x: null, k: 'b' }, 1, ['x'])).toBe(false);
  expect(asked.has({ x: null, k: null }, 0, ['x', 'k'])).toBeNull();
  expect(asked.has(null, 0, ['*'])).toBeNull();
  expect(asked.has({ x: 1, k: 'new' }, 0)).toBe(false);
  expect(asked.has({ x: 1, k: 'a', shop: 7 }, 0)).toBe(true);
});
