import fc from 'fast-check';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { csvFields } from '../../src/serving/stream/csv-fields.js';
import { RecordSplitter } from '../../src/serving/stream/split-records.js';

const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', '서', ';'), maxLength: 6 });
const table = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 6 });

/** The records of a text that comes in pieces of so many characters. */
function recordsOf(text: string, size: number): string[] {
  const splitter = new RecordSplitter(true, 10_000);
  const records: string[] = [];
  for (let from = 0; from < text.length; from += size)
    records.push(...splitter.push(text.slice(from, from + size)));
  return [...records, splitter.end()];
}

test('CSV that another program writes is read back field by field, wherever it is cut', () => {
  fc.assert(
    fc.property(
      table,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('\n', '\r\n'),
      (rows, size, newline) => {
        const text = Papa.unparse(rows, { newline, quotes: true });
        expect(recordsOf(text, size).map((record) => csvFields(record, ','))).toEqual(rows);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

test('a quote inside a field that none opens is a character', () => {
  const text = '1,5" nail,x\n2,"a ""b""\nc",y\n3,"open,z\n4';
  const records = recordsOf(text, 4);
  expect(records.map((record) => csvFields(record, ','))).toEqual([
    ['1', '5" nail', 'x'],
    ['2', 'a "b"\nc', 'y'],
    null,
  ]);
  expect(csvFields('"a"b,c', ',')).toBeNull();
});

test('a quoted field that never ends is not read again with each line, which would take minutes', () => {
  const splitter = new RecordSplitter(true, 1_000_000);
  expect([...splitter.push(`"${'\n'.repeat(900_000)}`)]).toEqual([]);
  expect(() => [...splitter.push('x'.repeat(200_000))]).toThrow('over the limit');
});
