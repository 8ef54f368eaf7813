import { expect, test } from 'vitest';
import { metrics } from '../../../src/evaluation/metrics.js';
import type { Store } from '../../../src/storage/store.js';
import { getRun, latestRun, listRuns } from '../../../src/tracking/read-runs.js';
import { startRun } from '../../../src/tracking/runs.js';
import type { ListRunsOptions } from '../../../src/tracking/search/list-runs.js';
import { directionOf } from '../../../src/tracking/search/metric-direction.js';
import { arrangeTree } from '../../../src/tracking/search/run-tree.js';
import { pointOf, runRow } from '../../storage/rows.js';
import { workplace } from '../tracking-support.js';

const id = (start: string) => start.padEnd(32, '0');

interface Added {
  columns?: Partial<ReturnType<typeof runRow>>;
  params?: Record<string, string>;
  metrics?: Record<string, number[]>;
}

/** A run whose id begins with `start`. */
async function addRun(store: Store, start: string, { columns = {}, params = {}, metrics = {} }: Added = {}) {
  const run_id = id(start);
  await store.write(async (t) => {
    await t
      .insertInto('runs')
      .values({ ...runRow(run_id), status: 'FINISHED', ...columns })
      .execute();
    for (const [key, value] of Object.entries(params))
      await t.insertInto('params').values({ run_id, key, value }).execute();
  });
  await store.insertMetrics(
    Object.entries(metrics).flatMap(([key, values]) =>
      values.map((value, step) => pointOf(run_id, key, step, value)),
    ),
  );
}

/** The first letters of the runs that are found, newest first. */
async function found(store: Store, where: string, options: ListRunsOptions = {}): Promise<string> {
  const { items } = await listRuns(store, { where, limit: 1000, ...options });
  return items.map((item) => item.run_id[0]).join('');
}

test('the words of complaint 27: OR, IN, names with spaces, missing values, and times that people write', async () => {
  const { store } = await workplace();
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  await addRun(store, 'a', {
    columns: { created_at: ago(30) },
    params: { depth: '4' },
    metrics: { 'avg score': [0.4] },
  });
  await addRun(store, 'b', {
    columns: { created_at: ago(1) },
    params: { depth: '6' },
    metrics: { 'avg score': [0.6] },
  });
  await addRun(store, 'c', { columns: { created_at: ago(1) }, params: { depth: '5' } });
  expect(await found(store, 'metrics."avg score" > 0.5 or params.depth in (4, 5) and start > 7d')).toBe('cb');
  expect(await found(store, 'metrics.`avg score` is null')).toBe('c');
  expect(await found(store, 'start < 2w')).toBe('a');
  expect(await found(store, `start between ${ago(2)} and ${ago(0).slice(0, 19)}Z`)).toBe('cb');
  expect(await found(store, `start >= ${ago(0).slice(0, 10)}`)).toBe('');
});

test('a time with a zone is the moment it names, and a day begins at midnight UTC', async () => {
  const { store } = await workplace();
  await addRun(store, 'a', { columns: { created_at: '2026-02-28T23:59:59.999Z' } });
  await addRun(store, 'b', { columns: { created_at: '2026-03-01T00:00:00.000Z' } });
  expect(await found(store, 'start >= 2026-03-01')).toBe('b');
  expect(await found(store, "start < '2026-03-01T09:00:00+09:00'")).toBe('a');
  expect(await found(store, 'start = 2026-03-01T09:00:00.000+09:00')).toBe('b');
});

test('numbers that are text compare as numbers, also beyond the digits of a double, and other text never does', async () => {
  const { store } = await workplace();
  const values = { a: '10', b: '9', c: 'auto', d: '9007199254740993', e: '1e-3', f: 'Infinity', g: '' };
  for (const [start, x] of Object.entries(values)) await addRun(store, start, { params: { x } });
  expect(await found(store, 'params.x < 10')).toBe('eb');
  expect(await found(store, 'params.x >= 10')).toBe('fda');
  expect(await found(store, 'params.x != 9')).toBe('feda');
  expect(await found(store, 'not params.x > 5')).toBe('e');
  expect(await found(store, 'params.x = 9007199254740993')).toBe('d');
  expect(await found(store, 'params.x = 9007199254740992')).toBe('');
  expect(await found(store, "params.x in (9, 'auto')")).toBe('cb');
  expect(await found(store, "params.x = '9.0'")).toBe('');
  expect(await found(store, 'params.x = 9.0')).toBe('b');
});

test('NaN is found by = NaN, != NaN and IS NOT NULL alone; infinities lie beyond every number', async () => {
  const { store } = await workplace();
  const values = { a: Number.NaN, b: Infinity, c: -Infinity, d: Number.MAX_VALUE, e: -0, f: 5e-324 };
  for (const [start, m] of Object.entries(values)) await addRun(store, start, { metrics: { m: [m] } });
  await addRun(store, '0');
  expect(await found(store, 'metrics.m = NaN')).toBe('a');
  expect(await found(store, 'metrics.m != nan')).toBe('fedcb');
  expect(await found(store, 'metrics.m is not null')).toBe('fedcba');
  expect(await found(store, 'metrics.m is null')).toBe('0');
  expect(await found(store, 'metrics.m > 0 or metrics.m <= 0 or metrics.m != 1 or not metrics.m > 0')).toBe(
    'fedcb',
  );
  expect(await found(store, 'metrics.m > 1.7976931348623157e308')).toBe('b');
  expect(await found(store, 'metrics.m = 1.7976931348623157e308')).toBe('d');
  expect(await found(store, 'metrics.m in (Infinity, -infinity)')).toBe('cb');
  expect(await found(store, 'metrics.m = 0')).toBe('e');
  expect(await found(store, 'metrics.m > 0 and metrics.m < 1e-300')).toBe('f');
  const { items } = await listRuns(store, { columns: 'metrics.m', order: 'id', includeMetrics: false });
  expect(items.map(({ columns }) => columns?.['metrics.m'])).toStrictEqual([null, ...Object.values(values)]);
});

test('series answer for all of their points, and best knows which way a metric is better', async () => {
  const { store } = await workplace();
  await addRun(store, 'a', {
    metrics: { auc: [0.5, 0.9, 0.7], 'val.log_loss': [0.9, 0.2, 0.4], only: [Number.NaN] },
  });
  const columns =
    'last(metrics.auc), min(metrics.auc), max(metrics.auc), mean(metrics.auc), count(metrics.auc), best(metrics.auc), best(metrics.val.log_loss), best(metrics.only), count(metrics.only)';
  const [{ columns: shown = {} }] = (await listRuns(store, { columns })).items;
  expect(Object.values(shown)).toEqual([0.7, 0.5, 0.9, expect.closeTo(0.7), 3, 0.9, 0.2, null, 1]);
  const directions = () => 'less' as const;
  expect(await found(store, 'best(metrics.auc) = 0.5', { directions })).toBe('a');
  expect(await found(store, 'best(metrics.auc) = 0.9')).toBe('a');
});

test('points whose sum no double holds are kept, and their mean is infinite', async () => {
  const { store } = await workplace();
  await addRun(store, 'a', { metrics: { m: [1e308, 1e308] } });
  await store.insertMetrics([2, 3].map((step) => pointOf(id('a'), 'm', step, -1e308)));
  expect(await found(store, 'count(metrics.m) = 4 and min(metrics.m) = -1e308')).toBe('a');
  expect(await found(store, 'mean(metrics.m) = Infinity')).toBe('a');
});

test('a metric name tells its direction as the evaluation of models has it', () => {
  for (const { name, direction } of metrics) {
    expect({ name, direction: directionOf(name) }).toEqual({ name, direction });
    expect({ name, direction: directionOf(`holdout/${name}`) }).toEqual({ name, direction });
  }
  expect(['val_loss', 'train.error', 'MSE', 'cv:rmse'].map((name) => directionOf(name))).toEqual(
    Array(4).fill('less'),
  );
  expect(['lossless', 'gain', 'errors_found_rate'].map((name) => directionOf(name))).toEqual(
    Array(3).fill('greater'),
  );
});

test('LOST is what a reader sees: a filter by status finds it, sorts by it and counts it', async () => {
  const { folder, store } = await workplace();
  const heartbeat_at = new Date(Date.now() - 3_600_000).toISOString();
  await addRun(store, 'a', { columns: { status: 'RUNNING', heartbeat_at } });
  const living = await startRun(store, { kind: 'train', cwd: folder });
  await addRun(store, 'c', { columns: { status: 'FAILED', error: 'Error: x' } });
  const lost = await listRuns(store, { where: "status = 'lost'" });
  expect(lost).toMatchObject({ total: 1, items: [{ run_id: id('a'), status: 'LOST' }] });
  expect((await listRuns(store, { where: "status in ('RUNNING')" })).items.map((run) => run.run_id)).toEqual([
    living.id,
  ]);
  expect(await listRuns(store, { where: "status != 'LOST'", status: 'running' })).toMatchObject({ total: 1 });
  const byStatus = await listRuns(store, { order: 'status', columns: 'status' });
  expect(byStatus.items.map((run) => run.columns?.['status'])).toEqual(['FAILED', 'LOST', 'RUNNING']);
  await living.end();
});

test('names are names, whatever is in them', async () => {
  const { store } = await workplace();
  const names = [
    '__proto__',
    'constructor',
    'a b',
    'say "hi"',
    "o'brien",
    'tick`',
    '손실 함수',
    'a,b;c--',
    'x)y(',
    '%',
    '\\',
    '😀',
  ];
  await addRun(store, 'a', {
    params: Object.fromEntries(names.map((name) => [name, name])),
    metrics: Object.fromEntries(names.map((name) => [name, [1]])),
  });
  await addRun(store, 'b');
  for (const name of names) {
    const [double, single, tick] = ['"', "'", '`'].map(
      (mark) => mark + name.replaceAll(mark, mark + mark) + mark,
    );
    expect(await found(store, `params.${double} = ${single} and metrics.${tick} = 1`)).toBe('a');
    expect(await found(store, `params.${tick} is null`)).toBe('b');
    const [run] = (await listRuns(store, { columns: `params.${double}`, order: `metrics.${double}` })).items;
    expect(Object.values(run.columns ?? {})).toEqual([name]);
  }
});

/** Strings that open what SQL closes (RB-67): each is text in quotes, a name, or refused. */
const INJECTIONS = [
  "' OR '1'='1",
  "' OR 1=1 --",
  '" OR ""="',
  "'; DROP TABLE runs; --",
  "1'; DELETE FROM params WHERE 'a'='a",
  "' UNION SELECT name FROM sqlite_master --",
  "' UNION ALL SELECT NULL, NULL, NULL --",
  "admin'--",
  "') OR ('1'='1",
  '1 OR 1=1',
  "1; ATTACH DATABASE 'x.db' AS x",
  "'||(SELECT sql FROM sqlite_master LIMIT 1)||'",
  "%' ESCAPE '%' OR 1 --",
];

test.each(INJECTIONS)('%s finds nothing that it does not name', async (text) => {
  const { store } = await workplace();
  await addRun(store, 'a', { params: { x: text } });
  await addRun(store, 'b', { params: { x: 'other' } });
  const quoted = `'${text.replaceAll("'", "''")}'`;
  expect(await found(store, `params.x = ${quoted}`)).toBe('a');
  expect(
    await found(store, `params.x in (${quoted}, '-') and params."${text.replaceAll('"', '""')}" is null`),
  ).toBe('a');
  const raw: ListRunsOptions[] = [
    { where: text },
    { where: `model = '${text}'` },
    { order: text },
    { columns: text },
    { after: text },
  ];
  for (const options of raw) {
    const outcome = await listRuns(store, options).catch((error) => error);
    if ('items' in outcome) expect(outcome.items).toEqual([]);
    else {
      expect(outcome.code).toMatch(/^RUN_(FILTER|CURSOR)_INVALID$/);
      expect(`${outcome.message} ${outcome.why}`.replace(text, '')).not.toMatch(/sqlite|syntax/i);
    }
  }
  for (const options of [{ model: text }, { kind: text }])
    expect((await listRuns(store, options)).items).toEqual([]);
  expect((await listRuns(store)).total).toBe(2);
});

test('pages by mark stay as they were while runs are added (RB-41: and whatever the clock says)', async () => {
  const { store } = await workplace();
  const years = ['2038-01-19', '1969-12-31', '2026-03-01', '1970-01-01', '2026-03-01'];
  for (const [i, day] of years.entries())
    await addRun(store, `a${i}`, {
      columns: { created_at: `${day}T00:00:00.000Z` },
      metrics: { m: [i % 2] },
    });
  for (const order of [undefined, 'metrics.m']) {
    const before = (await listRuns(store, { order, limit: 1000 })).items.map((item) => item.run_id);
    const first = await listRuns(store, { order, limit: 2 });
    await addRun(store, `b${order ?? ''}`.replace(/[^a-f0-9]/g, ''), { metrics: { m: [0] } });
    const rest = await listRuns(store, { order, limit: 1000, after: first.next_after ?? '' });
    expect([...first.items, ...rest.items].map((item) => item.run_id)).toEqual(before);
    expect(rest).toMatchObject({ next_after: null, next_offset: null, offset: 0 });
  }
});

test('a mark that is not one of this order is refused', async () => {
  const { store } = await workplace();
  for (const start of ['a', 'b', 'c']) await addRun(store, start, { metrics: { m: [Infinity] } });
  const order = 'metrics.m desc';
  const { next_after } = await listRuns(store, { order, limit: 1 });
  const good = next_after as string;
  expect((await listRuns(store, { order, after: good })).items.map((item) => item.run_id[0]).join('')).toBe(
    'ba',
  );
  const decoded = JSON.parse(Buffer.from(good, 'base64url').toString());
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const hostile = [
    ...['', ' ', 'null', good.slice(1), `${good}=`, `${good}\0`, 'A'.repeat(50_000), '../x', "' OR 1=1 --"],
    ...[{}, [], [decoded[0]], [decoded[0], [], 1], [decoded[0], [1, 2], 1], [decoded[0], [{ a: 1 }], 1]].map(
      encode,
    ),
    ...[
      [decoded[0], [1], '1'],
      [decoded[0], [1], 1.5],
      [decoded[0], [['NaN']], 1],
      [decoded[0], [true], 1],
    ].map(encode),
    Buffer.from('[[[[[[').toString('base64url'),
  ];
  for (const after of hostile)
    await expect(listRuns(store, { order, after }), after).rejects.toMatchObject({
      code: 'RUN_CURSOR_INVALID',
    });
  await expect(listRuns(store, { after: good })).rejects.toMatchObject({
    why: expect.stringMatching(/another order/),
  });
  await expect(listRuns(store, { order, after: good, offset: 1 })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('the longest row of terms and the deepest parentheses that are read are run as well', async () => {
  const { store } = await workplace();
  await addRun(store, 'a', { metrics: { m: [1] } });
  const row = (word: string) => Array(1000).fill('id>""').join(word);
  expect(await found(store, row(' or '))).toBe('a');
  expect(await found(store, row('and '))).toBe('a');
  const level = (inner: string, i: number) => `not (metrics.m=${i % 2} ${i % 2 ? 'or' : 'and'} ${inner})`;
  let nested = 'protected';
  for (let i = 0; i < 100; i++) nested = level(nested, i);
  expect(await found(store, `${nested} or not ${nested.slice(4)} or id > ''`)).toBe('a');
});

test('runs in the trash are seen there alone, and by their id', async () => {
  const { store } = await workplace();
  for (const start of ['a', 'b', 'c']) await addRun(store, start);
  const deleted_at = '2026-03-01T00:00:00.000Z';
  await store.write((t) => t.updateTable('runs').set({ deleted_at }).where('run_id', '=', id('c')).execute());
  expect(await listRuns(store)).toMatchObject({
    total: 2,
    items: [{ run_id: id('b') }, { run_id: id('a') }],
  });
  expect(await listRuns(store, { where: "kind = 'train'" })).toMatchObject({ total: 2 });
  expect(await listRuns(store, { deleted: true })).toMatchObject({
    total: 1,
    items: [{ run_id: id('c'), deleted_at }],
  });
  expect(await found(store, "kind = 'train'", { deleted: true })).toBe('c');
  expect((await latestRun(store)).run_id).toBe(id('b'));
  expect(await getRun(store, 'c')).toMatchObject({ run_id: id('c'), deleted_at });
});

test('complaint 28: what fits keeps the runs above it, to any depth, in the order of the page', async () => {
  const { store } = await workplace();
  await addRun(store, 'f', { columns: { model: 'x' } });
  const depth = 300;
  for (let i = 0; i < depth; i++) {
    const parent_run_id = i === 0 ? null : id(`a${String(i - 1).padStart(4, '0')}`);
    await addRun(store, `a${String(i).padStart(4, '0')}`, {
      columns: { parent_run_id, model: i === depth - 1 ? 'x' : 'y' },
    });
  }
  await addRun(store, 'b', { columns: { parent_run_id: id('f'), model: 'x' } });
  await addRun(store, 'c', { columns: { parent_run_id: id('f'), model: 'y' } });
  const page = await listRuns(store, { where: "model = 'x'", ancestors: true });
  expect(page.items.map((run) => run.run_id[0]).join('')).toBe('baf');
  expect(page.ancestors?.length).toBe(depth - 1);
  const rows = arrangeTree(page.items, page.ancestors ?? []);
  expect(rows.slice(0, 3).map(({ run, depth, fits }) => [run.run_id[0], depth, fits])).toEqual([
    ['f', 0, true],
    ['b', 1, true],
    ['a', 0, false],
  ]);
  expect(rows.at(-1)).toMatchObject({ depth: depth - 1, fits: true });
  expect(rows.length).toBe(depth + 2);
});

test('runs that stand above each other in a ring are shown once each', async () => {
  const { store } = await workplace();
  for (const start of ['a', 'b', 'c']) await addRun(store, start);
  for (const [child, parent] of ['ab', 'ba', 'cc'])
    await store.write((t) =>
      t
        .updateTable('runs')
        .set({ parent_run_id: id(parent) })
        .where('run_id', '=', id(child))
        .execute(),
    );
  const { items, ancestors = [] } = await listRuns(store, {
    where: "id like 'a%' or id like 'c%'",
    ancestors: true,
  });
  expect(arrangeTree(items, ancestors).map(({ run, fits }) => `${run.run_id[0]}${fits}`)).toEqual([
    'ctrue',
    'bfalse',
    'atrue',
  ]);
});
