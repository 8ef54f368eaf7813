import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../src/storage/store.js';
import { addArtifact } from '../../src/tracking/artifacts.js';
import { readArtifact } from '../../src/tracking/read-artifact.js';
import { getRun, listRuns, metricHistory } from '../../src/tracking/read-runs.js';
import { type StartRunOptions, startRun } from '../../src/tracking/runs.js';
import { sha256 } from '../../src/util/files.js';
import { packageVersion } from '../../src/util/package.js';
import { repository, workplace } from './tracking-support.js';

const readJson = (store: Store, key: string) => JSON.parse(readFileSync(store.blobs.path(key), 'utf8'));

test('a run from start to end: rows, manifest and pointers agree', async () => {
  const { folder, store } = await workplace();
  const params = {
    seed: 0,
    rate: 0.1,
    name: '로지스틱',
    on: true,
    none: null,
    list: [1, Number.NaN],
    low: -0,
    skipped: undefined,
  };
  const run = await startRun(store, {
    kind: 'train credit!',
    model: 'credit',
    note: 'first',
    params,
    tags: { who: 'me' },
    cwd: folder,
  });
  expect(run.id).toMatch(/^[0-9a-f]{32}$/);
  expect(run.dirName).toMatch(new RegExp(`^\\d{8}_\\d{6}_train_credit_${run.id.slice(0, 8)}$`));
  const manifest = `runs/${run.dirName}/manifest.json`;
  expect(readJson(store, manifest)).toMatchObject({ run_id: run.id, status: 'RUNNING', ended_at: null });

  run.logMetrics({ loss: 0.9, auc: 0.5 });
  run.logMetrics({ loss: 0.7 });
  run.logMetrics({ loss: 0.5 }, 10);
  run.logMetrics({ loss: 0.4 });
  await run.logParams({ rate: 0.2 });
  await run.setTags({ who: 'you', where: 'here' });
  const info = await run.logArtifact('plots/roc.svg', '<svg/>', 'plot');
  expect(info).toMatchObject({ bytes: 6, sha256: sha256('<svg/>') });
  await run.end('FINISHED');

  const detail = await getRun(store, run.id);
  expect(detail).toMatchObject({
    run_id: run.id,
    run_dir_name: run.dirName,
    status: 'FINISHED',
    error: null,
    kind: 'train credit!',
    model: 'credit',
    note: 'first',
    git: { commit: null, branch: null, dirty: null },
    params: {
      list: '[1,"NaN"]',
      low: '-0',
      name: '로지스틱',
      none: 'null',
      on: 'true',
      rate: '0.2',
      seed: '0',
    },
    metrics: { auc: 0.5, loss: 0.4 },
    tags: { where: 'here', who: 'you' },
    artifacts: [{ path: 'plots/roc.svg', kind: 'plot', sha256: info.sha256, bytes: 6 }],
  });
  expect(Object.keys(detail.params)).not.toContain('skipped');
  expect(detail.duration_ms).toBeGreaterThanOrEqual(0);
  for (const time of [detail.created_at, detail.ended_at])
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect((await metricHistory(store, run.id, 'loss')).map((point) => [point.step, point.value])).toEqual([
    [0, 0.9],
    [1, 0.7],
    [10, 0.5],
    [11, 0.4],
  ]);

  expect(readJson(store, manifest)).toEqual(detail);
  const pointer = {
    run_id: run.id,
    run_dir_name: run.dirName,
    manifest_path: manifest,
    created_at: detail.created_at,
  };
  expect(readJson(store, 'runs/_latest.json')).toEqual(pointer);
  expect(readJson(store, `runs/_by_id/${run.id}.json`)).toEqual(pointer);
});

test('the folder name is in UTC, whatever the zone', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { kind: '훈련', cwd: folder });
  const { created_at } = await getRun(store, run.id);
  expect(run.dirName).toBe(
    `${created_at.slice(0, 19).replace('T', '_').replace(/[-:]/g, '')}_run_${run.id.slice(0, 8)}`,
  );
  await run.end();
});

test('fail, kill and leaving without an end are told apart, and only the first end counts', async () => {
  const { folder, store } = await workplace();
  const options = { kind: 'train', cwd: folder };
  const failed = await startRun(store, options);
  await failed.fail(new TypeError('the loss is not finite'));
  await failed.end();
  const killed = await startRun(store, options);
  await Promise.all([killed.kill('SIGINT'), killed.fail(new Error('aborted'))]);
  killed.logMetrics({ late: 1 });
  let left = '';
  {
    await using run = await startRun(store, options);
    left = run.id;
  }
  {
    await using run = await startRun(store, options);
    await run.end();
  }
  const status = async (id: string) => {
    const { status, error } = await getRun(store, id);
    return { status, error };
  };
  expect(await status(failed.id)).toEqual({ status: 'FAILED', error: 'TypeError: the loss is not finite' });
  expect(await status(killed.id)).toEqual({ status: 'KILLED', error: 'stopped by SIGINT' });
  expect(await status(left)).toEqual({ status: 'FAILED', error: 'the run was left before it was ended' });
  expect((await getRun(store, killed.id)).metrics).toEqual({});
});

test('a metric that cannot be kept does not throw in the loop, and is told at the end', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { kind: 'train', cwd: folder });
  run.logMetrics({ good: 1, bad: 'high' as unknown as number });
  run.logMetrics({ good: 2 }, 0.5);
  await expect(run.end()).rejects.toMatchObject({
    code: 'RUN_VALUE_INVALID',
    message: expect.stringMatching(/"bad"/),
  });
  expect(await getRun(store, run.id)).toMatchObject({
    status: 'FAILED',
    error: expect.stringMatching(/metrics could not be written: .*"bad"/),
    metrics: { good: 1 },
  });
});

test('a flush that fails is tried again, and told only when the points stay unwritten', async () => {
  const { folder, store } = await workplace();
  let down = true;
  const shaky: Store = {
    ...store,
    insertMetrics: (points) =>
      down ? Promise.reject(new Error('the disk is away')) : store.insertMetrics(points),
  };
  const run = await startRun(shaky, { kind: 'train', cwd: folder });
  for (let i = 0; i < 2500; i++) run.logMetrics({ m: i });
  await expect(run.flush()).rejects.toThrow('the disk is away');
  down = false;
  await run.flush();
  const history = await metricHistory(store, run.id, 'm');
  expect(history.map((point) => point.value)).toEqual(Array.from({ length: 2500 }, (_, i) => i));
  run.logMetrics({ m: -1 });
  down = true;
  await expect(run.end()).rejects.toThrow('the disk is away');
  expect((await getRun(store, run.id)).status).toBe('FAILED');
});

test('points are written by themselves within about a second', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { kind: 'train', cwd: folder });
  run.logMetrics({ m: 1 });
  await expect.poll(() => metricHistory(store, run.id, 'm'), { timeout: 3000 }).toHaveLength(1);
  await run.end();
});

test.each([
  ['params', { params: { ['k'.repeat(251)]: 1 } }, 'VALUE_TOO_LONG', /parameter/],
  ['tags', { tags: { 한: '글'.repeat(21_846) } }, 'VALUE_TOO_LONG', /"한"/],
  ['a note', { note: 'x'.repeat(65_537) }, 'VALUE_TOO_LONG', /the note/],
  ['an empty name', { params: { '': 1 } }, 'RUN_VALUE_INVALID', /parameter/],
  ['an escape sequence', { tags: { '\u001b[31m': 'x' } }, 'RUN_VALUE_INVALID', /x1b/],
  ['half a character', { params: { half: '\ud83d' } }, 'RUN_VALUE_INVALID', /"half"/],
  ['an empty kind', { kind: ' ' }, 'RUN_VALUE_INVALID', /kind/],
  ['a model that looks like another', { model: 'cre\u200bdit' }, 'RUN_VALUE_INVALID', /model/],
  ['a long name', { name: 'n'.repeat(251) }, 'VALUE_TOO_LONG', /name/],
  ['an interval of nothing', { systemMetrics: { everyMs: 0 } }, 'OPTION_INVALID', /everyMs/],
])('%s over a limit: the error names it, and no run is begun', async (_, options, code, message) => {
  const { folder, store } = await workplace();
  const starting = startRun(store, { kind: 'train', cwd: folder, ...options });
  await expect(starting).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(await store.db.selectFrom('runs').selectAll().execute()).toEqual([]);
});

test('values at the limit and odd names come back exactly', async () => {
  const { folder, store } = await workplace();
  const params = Object.fromEntries([
    ['full', 'x'.repeat(65_536)],
    ['__proto__', 'kept'],
    ['constructor', '=1+1'],
    ['a b', '여러 줄\n"따옴표"\t\u0000'],
  ]);
  const run = await startRun(store, { kind: 'train', cwd: folder, params });
  run.logMetrics(
    Object.fromEntries([
      ['__proto__', -0],
      ['nan', Number.NaN],
      ['inf', -Infinity],
      ['least', 5e-324],
    ]),
  );
  await run.end();
  const detail = await getRun(store, run.id);
  expect(Object.entries(detail.params).sort()).toEqual(Object.entries(params).sort());
  expect(Object.entries(detail.metrics)).toStrictEqual([
    ['__proto__', -0],
    ['inf', -Infinity],
    ['least', 5e-324],
    ['nan', Number.NaN],
  ]);
  const manifest = readFileSync(store.blobs.path(`runs/${run.dirName}/manifest.json`), 'utf8');
  expect(manifest).toMatch(/"inf": "-Infinity"/);
  expect(manifest).toMatch(/"__proto__": -0,/);
});

test('a parameter over 64 KiB becomes an artifact that it names, at the start and later', async () => {
  const { folder, store } = await workplace();
  const text = '글'.repeat(30_000);
  const run = await startRun(store, { cwd: folder, params: { prompt: text, seed: 1 } });
  await run.logParams({ 'con fig/../x': text, short: 'x' });
  await run.end();
  const { params, artifacts } = await getRun(store, run.id);
  expect(params).toMatchObject({
    prompt: `artifact:params/prompt.txt (90000 bytes, sha256 ${sha256(text)})`,
    seed: '1',
    short: 'x',
  });
  expect(artifacts).toMatchObject([
    { path: expect.stringMatching(/^params\/con_fig_.._x-[0-9a-f]{8}\.txt$/), sha256: sha256(text) },
    { path: 'params/prompt.txt', kind: 'param', sha256: sha256(text), bytes: 90_000 },
  ]);
  expect(params['con fig/../x']).toContain(artifacts[0].path);
});

test('runs have names, groups and parents, to any depth; what cannot be a parent is refused', async () => {
  const { folder, store } = await workplace();
  const begin = (options: StartRunOptions) => startRun(store, { cwd: folder, ...options });
  const search = await begin({ kind: 'tune', name: 'search', group: 'seeds', note: 'first' });
  const fold = await begin({ parent: search.id.slice(0, 12), group: 'seeds' });
  const step = await begin({ parent: fold.id });
  await begin({ parent: search.id });
  await search.setNote('second');
  await search.end();
  const detail = await getRun(store, search.id);
  expect(detail).toMatchObject({ name: 'search', group: 'seeds', note: 'second', children: 2 });
  expect(detail.child_run_ids[0]).toBe(fold.id);
  expect(await getRun(store, fold.id)).toMatchObject({ parent_run_id: search.id, child_run_ids: [step.id] });
  expect(await getRun(store, step.id)).toMatchObject({ parent_run_id: fold.id, children: 0, kind: 'run' });
  expect(readJson(store, `runs/${search.dirName}/manifest.json`)).toEqual(detail);
  await expect(begin({ parent: 'ffff' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  await store.write((t) =>
    t.updateTable('runs').set({ deleted_at: detail.created_at }).where('run_id', '=', fold.id).execute(),
  );
  await expect(begin({ parent: fold.id })).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
    message: expect.stringMatching(/in the trash/),
  });
  expect((await listRuns(store, { limit: 10 })).total).toBe(3);
});

test('logging never throws, whatever is logged', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { cwd: folder });
  const throwing = {
    get loss(): number {
      throw new Error('no loss yet');
    },
  };
  const odd = [
    null,
    undefined,
    7,
    'text',
    throwing,
    { a: 1n },
    { a: null },
    { '': 1 },
    { ['k'.repeat(300)]: 1 },
  ];
  for (const metrics of odd) run.logMetrics(metrics as unknown as Record<string, number>);
  for (const step of [0.5, Number.NaN, Infinity, 2 ** 53, '3', Symbol('s'), null])
    run.logMetrics({ loss: 1 }, step as number);
  run.logMetrics({ loss: 0.25 });
  await expect(run.flush()).rejects.toThrow();
  await expect(run.end()).rejects.toThrow();
  expect((await metricHistory(store, run.id, 'loss')).map(({ step, value }) => [step, value])).toEqual([
    [0, 1],
    [1, 0.25],
  ]);
});

test('the machine, the packages and the process are on record', async () => {
  const { folder } = repository();
  writeFileSync(join(folder, 'package-lock.json'), '{"lockfileVersion":3}');
  mkdirSync(join(folder, 'steps'));
  const { store } = await workplace();
  const run = await startRun(store, { cwd: join(folder, 'steps'), systemMetrics: { everyMs: 50 } });
  await expect.poll(() => metricHistory(store, run.id, 'system/rss_mb'), { timeout: 5000 }).not.toEqual([]);
  await run.end();
  const { environment, metrics } = await getRun(store, run.id);
  expect(environment).toMatchObject({
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    cpu_count: expect.any(Number),
    lock_file: { name: 'package-lock.json', sha256: sha256('{"lockfileVersion":3}') },
    riskops: packageVersion(),
  });
  expect(metrics['system/rss_mb']).toBeGreaterThan(10);
  expect(metrics['system/cpu_percent']).toBeGreaterThanOrEqual(0);
});

test('an artifact path cannot leave the run, nor take the place of its manifest', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { kind: 'train', cwd: folder });
  for (const path of ['../x', '/etc/x', '..', '', 'a/../../x', 'manifest.json']) {
    await expect(run.logArtifact(path, 'x', 'file')).rejects.toMatchObject({ code: 'ARTIFACT_KEY_INVALID' });
  }
  expect((await getRun(store, run.id)).artifacts).toEqual([]);
  await run.end();
});

test('an artifact can be added to a run that has ended, and its manifest follows', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { kind: 'train', cwd: folder });
  await run.end();
  await addArtifact(store, run.id, 'gate-report.json', '{}', 'gate_report');
  await addArtifact(store, run.id, 'gate-report.json', '{"verdict":"promote"}', 'gate_report');
  const detail = await getRun(store, run.id);
  expect(detail.artifacts).toMatchObject([{ path: 'gate-report.json', bytes: 21 }]);
  expect(readJson(store, `runs/${run.dirName}/manifest.json`)).toEqual(detail);
});

test('a dirty tree is recorded with its commit, diff and untracked files', async () => {
  const { folder, git } = repository();
  writeFileSync(join(folder, 'a.txt'), 'one\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
  writeFileSync(join(folder, 'a.txt'), 'two\n');
  writeFileSync(join(folder, 'b.txt'), '');
  const { store } = await workplace();
  const run = await startRun(store, { kind: 'train', cwd: folder });
  await run.end();
  const detail = await getRun(store, run.id);
  expect(detail.git).toEqual({ commit: git('rev-parse', 'HEAD'), branch: 'main', dirty: true });
  expect(detail.artifacts.map((artifact) => artifact.path)).toEqual(['git.diff', 'git.untracked.txt']);
  expect((await readArtifact(store, run.id, 'git.diff')).bytes?.toString()).toMatch(/^\+two$/m);
  expect((await readArtifact(store, run.id, 'git.untracked.txt')).bytes?.toString()).toBe('b.txt\n');
});
