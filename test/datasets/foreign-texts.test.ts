import { expect, test } from 'vitest';
import { foreignHints, foreignNote } from '../../src/datasets/foreign-texts.js';
import { encodeTarget } from '../../src/datasets/target.js';
import { errorOf, readText } from './support/tables.js';

test.each<[RegExp | undefined, string[]]>([
  [/decimal comma/, ['33,12', '-4,5', '7', '1.234,50', '12 000,1']],
  [/decimal comma/, ['1,234', '2,345', '33,1']],
  [/commas in them/, ['1,234', '12,345,678.90', '7']],
  [/ISO/, ['05/01/2026', '31/01/2026']],
  [/ISO/, ['5.1.2026 14:05', '31.12.2025 09:30:01', 'unknown']],
  [/ISO/, ['1/31/26', '2026/01/31']],
  [undefined, ['서울', '부산', '1,5']],
  [undefined, ['1', '2', '3', '4,5', 'A']],
  [undefined, ['1.2.3', '10.0.19']],
  [undefined, ['a,b', 'c,d']],
  [undefined, []],
])('%s: %j', (note, texts) => {
  if (note === undefined) expect(foreignNote(texts)).toBeUndefined();
  else expect(foreignNote(texts)).toMatch(note);
});

test('columns of such texts are named, with what helps in a file of their delimiter', async () => {
  const csv = 'id;price;weight;day;city\n1;33,12;1,5;05/01/2026;Bonn\n2;4,50;2,25;06/01/2026;Trier\n';
  const { schema } = await readText(csv);
  expect(schema.columns.map(({ type }) => type)).toEqual(['integer', ...Array(4).fill('category')]);
  const hints = foreignHints(schema);
  expect(hints).toEqual([
    expect.stringMatching(/^Warning: price, weight: .*decimal comma.*33\.12, not 33,12: sed -E /),
    expect.stringMatching(/^Warning: day: dates .*; write 2026-01-31, not 31\/01\/2026\.$/),
  ]);
  expect(foreignHints(schema, ['price', 'weight', 'day'])).toEqual([]);
  // The command would hurt where commas are delimiters too.
  expect(foreignHints({ ...schema, delimiter: ',' })[0]).not.toContain('sed');
  // A schema of riskops init has them as categories, and they are told all the same.
  const typed = await readText(csv, { schema: { price: { type: 'category' } } });
  expect(typed.schema.columns[1].note).toMatch(/decimal comma/);
});

test('a target of such texts, and a cell of a typed column, say it too', async () => {
  const { table } = await readText('y;z\n1,5;a\n2,5;b\n3,75;a\n');
  const error = await errorOf(() => encodeTarget(table, 'y', { task: 'regression' }));
  expect(error.why).toContain('numbers with a decimal comma are read as text');
  const typed = await errorOf(() => readText('a;b\n1;1,5\n', { schema: { b: { type: 'number' } } }));
  expect(typed.fix).toMatch(/^mend the cell \(write 33\.12, not 33,12\), add "1,5" to the missing marks/);
});
