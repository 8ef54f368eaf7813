import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRows } from '../../src/datasets/encode-rows.js';
import { encodeTable } from '../../src/datasets/encode-table.js';
import { groupKey } from '../../src/datasets/group-key.js';
import { parseSignature } from '../../src/datasets/parse-signature.js';
import { type ColumnRoles, readOptionsFor, signatureOf } from '../../src/datasets/signature.js';
import { takeRows } from '../../src/datasets/table.js';
import { toJson } from '../../src/util/json.js';
import { errorOf, numbers, readText, tableOf, texts } from './support/tables.js';

const DAY = 86_400_000;
const table = tableOf(
  numbers('price', [1, 2, 3, 4]),
  numbers('day', [0, DAY, 0, 2 * DAY], 'date'),
  texts('machine', ['M-1', 'M-1', '기계 2', '기계 2']),
  numbers('sold', [7, 8, 9, 10]),
  texts('shift', ['late', 'early', 'late', null]),
);
const target = { name: 'sold', type: 'number' as const, classes: null };
const all = Int32Array.of(0, 1, 2, 3);
const roles = { time: 'day', group: 'machine', past: ['sold', 'shift'] };
const of = (given: ColumnRoles, features = ['price', 'shift']) =>
  signatureOf(table, features, all, target, undefined, given);

test('columns with a role follow the features; no name of a group is kept, and a past column may always be missing', () => {
  const signature = of(roles);
  expect(signature.features).toEqual([
    { name: 'price', type: 'number', nullable: false, min: 1, max: 4 },
    { name: 'shift', type: 'category', role: 'past', nullable: true, categories: ['early', 'late'] },
    { name: 'day', type: 'date', role: 'time', nullable: false, min: 0, max: 2 * DAY },
    { name: 'machine', type: 'category', role: 'group', nullable: false },
    { name: 'sold', type: 'number', role: 'past', nullable: true, min: 7, max: 10 },
  ]);
  expect(toJson(signature)).not.toContain('M-1');
  expect(parseSignature(JSON.parse(toJson(signature)))).toEqual(signature);
});

test("a group's text is the first 53 bits of its SHA-256", () => {
  // By Python's hashlib: int.from_bytes(sha256(text).digest()[:8], 'big') >> 11.
  expect(groupKey('M-1')).toBe(8869026190535366);
  expect(groupKey('기계 2')).toBe(2459092236832314);
  expect(groupKey('')).toBe(8011147086339971);
});

describe('cells', () => {
  const signature = of(roles);
  const row = (day: string, machine: unknown, price = 1) => ({
    price,
    shift: null,
    day,
    machine,
    sold: null,
  });

  test('are those of the asked rows alone, in their order', () => {
    expect(encodeTable(table, signature, Int32Array.of(3, 0))).toEqual(
      encodeTable(takeRows(table, [3, 0]), signature),
    );
    expect([...encodeTable(table, signature, Int32Array.of(3))]).toEqual([
      4,
      Number.NaN,
      2 * DAY,
      groupKey('기계 2'),
      10,
    ]);
  });

  test('of later times and new groups are nothing to warn of', () => {
    const { cells, warningCount, problemCount } = encodeRows(
      [row('2031-01-01', 'M-9'), row('1900-01-01', 7)],
      signature,
    );
    expect([warningCount, problemCount]).toEqual([0, 0]);
    expect([cells[3], cells[8]]).toEqual([groupKey('M-9'), groupKey('7')]);
  });

  test.each([
    ['day', null],
    ['day', 5],
    ['machine', null],
    ['machine', ' NA '],
    ['machine', true],
    ['machine', ['M-1']],
  ])('%s: %j has no place among the rows', (name, value) => {
    const { problems } = encodeRows([{ ...row('1970-01-01', 'M-1'), [name]: value }], signature);
    expect(problems).toMatchObject([
      { feature: name, code: 'WRONG_TYPE', expected: expect.stringMatching(/, never missing$/) },
    ]);
  });

  test('a row of a file without its time is named', async () => {
    const missing = tableOf(
      ...table.columns.map((column) =>
        column.name === 'day' ? numbers('day', [0, Number.NaN, 0, 0], 'date') : column,
      ),
    );
    const error = await errorOf(() => encodeTable(missing, signature));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: 'Row 2 has no day.' });
    expect(encodeTable(missing, signature, Int32Array.of(0, 2))).toHaveLength(10);
  });

  test('are the same from a file and as JSON, for groups of text and of numbers', async () => {
    const group = fc.constantFrom('M-1', ' x ', '7', '07', '기계', 'a "b"', '__proto__');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(group, fc.integer(), fc.nat(999)), { minLength: 2, maxLength: 9 }),
        async (rows) => {
          const csv = `g,n,t\n${rows.map(([g, n, t]) => `"${g.replaceAll('"', '""')}",${n},${t}`).join('\n')}\n`;
          const { table: read } = await readText(csv, { schema: { g: { type: 'category' } } });
          const rowsRead = Int32Array.from(rows.keys());
          for (const name of ['g', 'n']) {
            const learned = signatureOf(read, [], rowsRead, target, undefined, { time: 't', group: name });
            const sent = rows.map(([g, n, t]) => (name === 'g' ? { g, t } : { n, t }));
            const encoded = encodeRows(sent, learned);
            expect(encoded.problems).toEqual([]);
            expect(encoded.cells).toEqual(encodeTable(read, learned));
            const again = await readText(csv, readOptionsFor(learned));
            expect(encodeTable(again.table, learned)).toEqual(encoded.cells);
          }
        },
      ),
      { numRuns: 30, seed: 3 },
    );
  });
});

describe('columns that cannot have a role', () => {
  test.each<[ColumnRoles, RegExp]>([
    [{ time: 'machine' }, /"machine" cannot order the rows/],
    [{ time: 'day', group: 'day' }, /"day" cannot tell series apart/],
    [{ time: 'day', group: 'shift' }, /"shift" cannot tell series apart/],
    [{ time: 'sold' }, /"sold" cannot order the rows/],
    [{ time: 'day', past: ['day'] }, /"day" cannot be known up to the row before/],
  ])('%j', async (given, what) => {
    const error = await errorOf(() => of(given));
    expect(error.code).toBe('FEATURES_INVALID');
    expect(error.message).toMatch(what);
  });

  test('a column that is not there, with the nearest', async () => {
    const error = await errorOf(() => of({ time: 'dya' }));
    expect(error).toMatchObject({ code: 'COLUMN_NOT_FOUND', why: 'did you mean "day"?' });
  });

  const feature = { name: 'a', type: 'number', nullable: true };
  const time = { name: 't', type: 'date', role: 'time', nullable: false };
  test.each<[unknown[], RegExp]>([
    [[{ ...feature, role: 'target' }], /role is none of time, group, past/],
    [[time, { ...time, name: 'u' }], /more than one time/],
    [[{ ...time, type: 'category' }], /is a time of type category/],
    [[{ ...time, type: 'category', role: 'group', categories: ['M-1'] }], /has categories, but is a group/],
  ])('in a model file: %j', async (features, why) => {
    const error = await errorOf(() => parseSignature({ features, target }));
    expect(error.code).toBe('MODEL_FILE_INVALID');
    expect(error.why).toMatch(why);
  });
});
