import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/storage/open-store.js';
import { placesIn, pointOf, runRow } from '../storage/rows.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

const folder = folderForFile();
const id = (start: string) => start.padEnd(32, '0');

beforeAll(async () => {
  const places = placesIn(folder);
  const store = await openStore(
    { ...places, currentModel: join(places.artifacts, 'models', 'current.json') },
    { mode: 'write' },
  );
  await store.write(async (t) => {
    for (const [i, start] of ['a', 'b', 'c', 'd'].entries()) {
      const columns = {
        status: 'FINISHED' as const,
        model: i === 3 ? 'macro' : 'credit',
        parent_run_id: i === 1 ? id('a') : null,
      };
      await t
        .insertInto('runs')
        .values({ ...runRow(id(start)), ...columns, note: i === 0 ? '=1+1' : null })
        .execute();
      await t
        .insertInto('params')
        .values({ run_id: id(start), key: 'seed', value: String(i - 1) })
        .execute();
    }
  });
  await store.insertMetrics(['a', 'b', 'c'].map((start, i) => pointOf(id(start), 'auc', 0, i / 10)));
  await store.close();
});

test('runs list filters, orders, chooses columns, and says on stderr how to go on', async () => {
  const words = [
    'runs',
    'list',
    '--where',
    "model = 'credit'",
    '--order',
    'metrics.auc desc',
    '--limit',
    '2',
  ];
  const first = await riskops(folder, [...words, '--columns', 'params.seed, best(metrics.auc)']);
  expect(first.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['run', 'params.seed', 'best(metrics.auc)'],
    ['c0000000', '1', '0.2'],
    ['b0000000', '0', '0.1'],
    [''],
  ]);
  const mark = /^2 of 3 runs; .* --after (\S+)\n$/.exec(first.stderr)?.[1] as string;
  const next = await succeed<{ items: { run_id: string }[]; next_after: null }>(folder, [
    ...words,
    '--after',
    mark,
  ]);
  expect(next).toMatchObject({ items: [{ run_id: id('a'), metrics: { auc: 0 } }], next_after: null });
});

test('runs list --tree stands children below their parents, and marks what only stands above', async () => {
  const { stdout, stderr } = await riskops(folder, [
    'runs',
    'list',
    '--tree',
    '--where',
    "id like 'b%' or id like 'c%'",
    '--columns',
    'model',
  ]);
  expect(stdout).toBe('run         model\nc0000000    credit\n(a0000000)  credit\n  b0000000  credit\n');
  expect(stderr).toMatch(/^In parentheses/);
});

test('a slip in a filter is pointed at', async () => {
  const error = await refuse(folder, ['runs', 'list', '--where', "modle = 'credit'"], 'RUN_FILTER_INVALID');
  expect(error).toMatchObject({
    why: 'at character 1, there is no field "modle": did you mean model?',
    details: { position: 1 },
  });
  const { stderr } = await riskops(folder, ['runs', 'list', '--where', "model = 'x' and aucc > 1"]);
  expect(stderr).toMatch(/^ {2}model = 'x' and aucc > 1\n {18}\^\nError: /);
  expect((await refuse(folder, ['runs', 'list', '--after', 'nonsense'], 'RUN_CURSOR_INVALID')).hint).toMatch(
    /next_after/,
  );
  expect((await riskops(folder, ['runs', 'list', '--where', "model = 'none'"])).stdout).toBe(
    'No run fits.\n',
  );
  expect((await riskops(folder, ['runs', 'list', '--deleted'])).stdout).toBe('The trash is empty.\n');
});

test('query prints a table, CSV that no spreadsheet runs, or one JSON document', async () => {
  const sql =
    "select substr(run_id, 1, 1) as run, note, value as seed, -1 as n from runs join params using (run_id) where key = 'seed' order by 1 limit 2";
  expect((await riskops(folder, ['query', sql])).stdout).toBe(
    'run  note  seed  n\na    =1+1  -1    -1\nb    -     0     -1\n',
  );
  expect((await riskops(folder, ['query', sql, '--format', 'csv'])).stdout).toBe(
    "run,note,seed,n\na,'=1+1,-1,-1\nb,,0,-1\n",
  );
  const json = {
    columns: ['run', 'note', 'seed', 'n'],
    rows: [{ run: 'a', note: '=1+1', seed: '-1', n: -1 }],
    cut: true,
  };
  expect(await succeed(folder, ['query', sql, '--limit', '1'])).toEqual(json);
  const big = await riskops(folder, ['query', 'select 9007199254740993 as n', '--format', 'json']);
  expect(big.stdout).toContain('"n": 9007199254740993');
});

test('query refuses what is not one statement that reads, in one line', async () => {
  expect((await refuse(folder, ['query', 'select * from run'], 'QUERY_INVALID')).why).toBe(
    'no such table: run',
  );
  for (const sql of ['delete from runs', "attach 'x.db' as x", "vacuum into 'x.db'", 'select 1; select 2'])
    await refuse(folder, ['query', sql], 'QUERY_INVALID');
  await refuse(folder, ['query', 'select 1', '--format', 'xml'], 'OPTION_INVALID');
  const endless = 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n';
  await refuse(folder, ['query', endless, '--timeout-ms', '500'], 'QUERY_STOPPED');
});
