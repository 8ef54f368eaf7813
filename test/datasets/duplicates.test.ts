import fc from 'fast-check';
import { expect, test } from 'vitest';
import { duplicateRowsAcross } from '../../src/datasets/duplicates.js';
import { parseSplit, splitRows } from '../../src/datasets/split.js';
import { numbers, tableOf, texts } from './support/tables.js';

test('as many as a plain comparison of all pairs finds', () => {
  const value = fc.constantFrom(0, -0, 1, 0.1, Number.NaN, 1e300);
  const row = fc.tuple(value, value, fc.constantFrom('a', 'b', null));
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 2, maxLength: 40 }),
      fc.integer({ min: 1, max: 39 }),
      (rows, cut) => {
        const table = tableOf(
          numbers(
            'x',
            rows.map(([x]) => x),
          ),
          numbers(
            'y',
            rows.map(([, y]) => y),
          ),
          texts(
            'z',
            rows.map(([, , z]) => z),
          ),
        );
        const all = Int32Array.from(rows.keys());
        const [train, test] = [all.slice(0, cut), all.slice(cut)];
        const text = (at: number) => rows[at].map((part) => (part === 0 ? '0' : String(part))).join('|');
        const known = new Set(Array.from(train, text));
        const wanted = Array.from(test, text).filter((part) => known.has(part)).length;
        expect(duplicateRowsAcross(table, ['x', 'y', 'z'], train, test)).toBe(wanted);
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

test('rows that were copied before a random split cross it; by group they cannot', () => {
  const each = (value: (i: number) => number) => Array.from({ length: 1000 }, (_, i) => value(i));
  const table = tableOf(
    numbers(
      'x',
      each((i) => i >> 1),
    ),
    numbers(
      'g',
      each((i) => i >> 1),
      'integer',
    ),
  );
  const count = (rule: string) => {
    const { train, test } = splitRows(parseSplit(rule), table, { seed: 0 });
    return duplicateRowsAcross(table, ['x'], train, test);
  };
  expect(count('random:0.2')).toBeGreaterThan(130);
  expect(count('group:g:0.2')).toBe(0);
  expect(count('time:g:0.2')).toBe(0);
});
