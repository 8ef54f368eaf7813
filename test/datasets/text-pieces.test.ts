import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { csvPieces } from '../../src/datasets/csv-pieces.js';
import { withDataStream } from '../../src/datasets/data-file.js';
import { readTable } from '../../src/datasets/read-table.js';
import { type CellText, columnNamesOf, forEachTextPiece } from '../../src/datasets/text-pieces.js';
import { seededRandom } from '../../src/util/random.js';
import { errorOf, fileOf, valuesOf } from './support/tables.js';

/** All cells of these columns, and how many rows each piece had. */
async function inPieces(path: string, columns: string[], rowsAtOnce = 1_000) {
  const cells = columns.map((): CellText[] => []);
  const sizes: number[] = [];
  await forEachTextPiece(path, { columns, rowsAtOnce }, async (piece) => {
    sizes.push(piece.rowCount);
    for (const [i, texts] of piece.columns.entries()) cells[i].push(...texts);
  });
  return { cells, sizes };
}

async function atOnce(path: string, columns: string[]) {
  const schema = new Map(columns.map((name) => [name, { type: 'category' as const }]));
  const { table } = await readTable(path, { schema });
  return columns.map((name) => valuesOf(table, name));
}

const COLUMNS = ['id', 'value', 'note'];

/** Rows with quotes, delimiters and line ends in their cells, missing marks, blanks, and zeros in front; beyond some blocks of a file. */
function cellsOf(count: number): string[][] {
  const random = seededRandom(5);
  const notes = ['plain', 'a,b', 'said "no"', 'two\nlines', 'NA', ' ', '서울', 'x'.repeat(300)];
  return Array.from({ length: count }, (_, i) => [
    String(i).padStart(9, '0'),
    random() < 0.1 ? '' : String(Math.round(random() * 100) / 100),
    notes[Math.floor(random() * notes.length)],
  ]);
}

const quoted = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function csvOf(rows: string[][], lineEnd = '\n', delimiter = ','): string {
  return [COLUMNS, ...rows].map((row) => row.map(quoted).join(delimiter)).join(lineEnd);
}

test('a CSV file in pieces is the file, whatever its quotes, line ends and delimiter', async () => {
  const rows = cellsOf(45_000);
  for (const content of [
    csvOf(rows),
    `\ufeff${csvOf(rows.slice(0, 2000), '\r\n', ';')}\r\n\r\n`,
    gzipSync(csvOf(rows.slice(0, 3_000))),
    csvOf(rows.slice(0, 50), '\r').replaceAll('\n', ' '),
  ]) {
    const path = fileOf(content, 'rows.csv');
    expect(await columnNamesOf(path)).toEqual(COLUMNS);
    const { cells } = await inPieces(path, COLUMNS);
    expect(cells).toEqual(await atOnce(path, COLUMNS));
  }
  const { sizes } = await inPieces(fileOf(csvOf(rows), 'rows.csv'), ['id'], 20_000);
  expect(sizes).toEqual([20_000, 20_000, 5_000]);
});

test('line ends in quotes do not make a file one that is held whole', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => [String(i), '1', 'two\n'.repeat(30)]);
  const path = fileOf(csvOf(rows), 'rows.csv');
  const sizes = await withDataStream({ path, format: 'CSV', maxBytes: 1e9 }, async (stream) => {
    const found: number[] = [];
    for await (const piece of csvPieces(path, stream)) found.push(piece.rows.length);
    return found;
  });
  expect(sizes.length).toBeGreaterThan(1);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(rows.length);
});

test('what is odd far behind is read, or told, as the reader of the whole file does', async () => {
  const rows = cellsOf(22_000);
  // Where a quote stands alone, pieces end in the middle of a cell.
  const pipe = ['5" pipe', '1', 'a'];
  const inches = csvOf([...rows.slice(0, 19_000), pipe, ...rows]).replace('"5"" pipe"', '5" pipe');
  const path = fileOf(inches, 'rows.csv');
  expect((await inPieces(path, COLUMNS)).cells).toEqual(await atOnce(path, COLUMNS));
  for (const bad of [
    csvOf(rows).concat('\n1,2'),
    csvOf(rows).concat('\n1,2,"open'),
    `${csvOf(rows)}\n1,2,\0`,
  ]) {
    const broken = fileOf(bad, 'rows.csv');
    const [whole, pieces] = [
      await errorOf(() => atOnce(broken, COLUMNS)),
      await errorOf(() => inPieces(broken, COLUMNS)),
    ];
    expect([pieces.code, pieces.message]).toEqual([whole.code, whole.message]);
  }
  for (const empty of ['', 'id,value\n', '   ']) {
    const broken = fileOf(empty, 'rows.csv');
    expect((await errorOf(() => inPieces(broken, ['id']))).code).toBe('DATA_UNREADABLE');
  }
});

test('objects a line in pieces: a key that comes late is a column, numbers keep their digits', async () => {
  const lines = Array.from({ length: 11_000 }, (_, i) =>
    i < 10_500
      ? `{"id": "0${i}", "value": ${i / 4}}`
      : `{"id": 12345678901234567890, "value": true, "late": ${i}}`,
  );
  const path = fileOf(lines.join('\n'), 'rows.ndjson');
  expect(await columnNamesOf(path)).toEqual(['id', 'value', 'late']);
  const { cells, sizes } = await inPieces(path, ['id', 'value', 'late'], 4_000);
  expect(sizes).toEqual([4_000, 4_000, 3_000]);
  expect(cells).toEqual(await atOnce(path, ['id', 'value', 'late']));
  const document = fileOf(`[${lines.join(',\n')}]`, 'rows.json');
  expect((await inPieces(document, ['id', 'value', 'late'])).cells).toEqual(cells);
  const broken = fileOf(`${lines.join('\n')}\n{"id": `, 'rows.ndjson');
  expect((await errorOf(() => inPieces(broken, ['id']))).message).toContain('line 11001');
});
