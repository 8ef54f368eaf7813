import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { readTable } from '../../src/datasets/read-table.js';
import { temporaryFolder } from '../support/temporary.js';
import { errorOf, valuesOf } from './support/tables.js';

/** A folder with these files. */
function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = join(temporaryFolder(), 'plant');
  mkdirSync(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const PLANT = {
  'date=2026-01-02/zone_id=Z 2/a.json': '{"sensor": "temp", "val": 3}\n',
  'date=2026-01-01/zone_id=Z%201/b.ndjson':
    '{"sensor": "temp", "val": 1.5}\n{"sensor": "humid", "val": null}\n',
  'date=2026-01-01/zone_id=Z%201/c.csv': 'sensor,val\nvibration,2\n',
  'date=2026-01-01/_SUCCESS': '',
  'date=2026-01-02/.hidden': 'x',
};

test('key=value folders give columns, files come in the order of their paths', async () => {
  const { table, schema, source } = await readTable(folderOf(PLANT));
  expect(schema.columns.map(({ name, type }) => [name, type])).toEqual([
    ['sensor', 'category'],
    ['val', 'number'],
    ['date', 'date'],
    ['zone_id', 'category'],
  ]);
  expect(valuesOf(table, 'sensor')).toEqual(['temp', 'humid', 'vibration', 'temp']);
  expect(valuesOf(table, 'val')).toEqual([1.5, null, 2, 3]);
  expect(valuesOf(table, 'zone_id')).toEqual(['Z 1', 'Z 1', 'Z 1', 'Z 2']);
  expect(valuesOf(table, 'date')).toEqual([1, 1, 1, 2].map((day) => Date.UTC(2026, 0, day)));
  expect(source.files?.map(({ path }) => path)).toEqual([
    'date=2026-01-01/zone_id=Z%201/b.ndjson',
    'date=2026-01-01/zone_id=Z%201/c.csv',
    'date=2026-01-02/zone_id=Z 2/a.json',
  ]);
});

test('one byte changes the hash, and so does a file in another folder', async () => {
  const hashOf = async (files: Record<string, string>) => (await readTable(folderOf(files))).source.sha256;
  const base = { 'k=1/a.csv': 'x,y\n1,2\n', 'k=2/b.csv': 'x,y\n3,4\n' };
  const hash = await hashOf(base);
  expect(await hashOf(base)).toBe(hash);
  expect(await hashOf({ ...base, 'k=2/b.csv': 'x,y\n3,5\n' })).not.toBe(hash);
  expect(await hashOf({ 'k=1/a.csv': base['k=1/a.csv'], 'k=3/b.csv': base['k=2/b.csv'] })).not.toBe(hash);
});

test('files whose types differ: whole numbers become numbers, numbers and texts become text', async () => {
  const { table, schema } = await readTable(
    folderOf({ 'a.csv': 'n,m,e\n1,1,\n2,2,\n', 'b.csv': 'n,m,e\n1.5,x,\n', 'c.csv': 'n,m,e\n,,7\n' }),
  );
  expect(schema.columns.map(({ type }) => type)).toEqual(['number', 'category', 'integer']);
  expect(valuesOf(table, 'm')).toEqual(['1', '2', 'x', null]);
  expect(schema.columns[1].note).toContain('different types in different files');
});

test('keys that are whole numbers, missing ones, and keys that are columns too', async () => {
  const files = { 'id=7/a.csv': 'v,id\n1,7\n2,\n', 'id=__HIVE_DEFAULT_PARTITION__/b.csv': 'v,id\n3,\n' };
  const { table } = await readTable(folderOf(files));
  expect(table.columns.map(({ name }) => name)).toEqual(['v', 'id']);
  expect(valuesOf(table, 'id')).toEqual([7, 7, null]);
  const error = await errorOf(() => readTable(folderOf({ 'id=7/a.csv': 'v,id\n1,7\n2,8\n' })));
  expect(error).toMatchObject({ code: 'DATA_ROW_INVALID' });
  expect(error.message).toMatch(/a\.csv, row 2: "id" is not "7"/);
});

test('a folder of Parquet files, whose name may end like a file', async () => {
  const part = (data: number[]) =>
    Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'x', data, type: 'DOUBLE' }] }));
  const folder = folderOf({
    'all.parquet/part-0.parquet': part([1, 2]),
    'all.parquet/part-1.parquet': part([3]),
  });
  expect(valuesOf((await readTable(join(folder, 'all.parquet'))).table, 'x')).toEqual([1, 2, 3]);
});

test('rules hold for columns and keys, and for columns that only some files have', async () => {
  const files = { 'k=1/a.ndjson': '{"a": 1}\n', 'k=2/b.ndjson': '{"b": 2}\n' };
  const { table } = await readTable(folderOf(files), {
    schema: { b: { type: 'category' }, k: { type: 'category' } },
  });
  expect(valuesOf(table, 'b')).toEqual([null, '2']);
  expect(valuesOf(table, 'k')).toEqual(['1', '2']);
  const error = await errorOf(() => readTable(folderOf(files), { schema: { c: {} } }));
  expect(error.code).toBe('COLUMN_NOT_FOUND');
});

describe('what a folder may not hold is named', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['nothing', {}, /holds no data files/],
    ['only hidden files', { '.a': '', _b: '' }, /holds no data files/],
    ['a file that is no data', { 'a.csv': 'x,y\n1,2\n', 'b.xlsx': 'PK' }, /b\.xlsx is no data file/],
    [
      'other keys',
      { 'k=1/a.csv': 'x,y\n1,2\n', 'j=1/b.csv': 'x,y\n1,2\n' },
      /k=1\/a\.csv lies in other key=value folders/,
    ],
    ['a CSV without a column', { 'a.csv': 'x,y\n1,2\n', 'b.csv': 'x,z\n1,2\n' }, /a\.csv has no column "z"/],
    ['a broken file', { 'a.csv': 'x,y\n1,2\n', 'b.csv': 'x,y\n1,2,3\n' }, /b\.csv, line 2: 3 fields/],
  ])('%s', async (_, files, text) => {
    expect((await errorOf(() => readTable(folderOf(files)))).message).toMatch(text);
  });

  test.skipIf(process.platform === 'win32')('a link to a folder, which may lead in a circle', async () => {
    const folder = folderOf({ 'a.csv': 'x,y\n1,2\n' });
    symlinkSync(folder, join(folder, 'again'));
    expect((await errorOf(() => readTable(folder))).message).toMatch(/again is no plain file/);
  });
});
