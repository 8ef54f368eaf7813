import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startRun } from '../../src/start-run.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';
import { checkPointers } from '../../src/tracking/manifest.js';
import { getRun, latestRun, metricHistory } from '../../src/tracking/read-runs.js';
import { replaySpool, replaySpools } from '../../src/tracking/replay-spool.js';
import { RunSink } from '../../src/tracking/run-sink.js';
import { sha256 } from '../../src/util/files.js';
import { placesIn } from '../storage/rows.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { temporaryFolder } from '../support/temporary.js';
import { workplace } from './tracking-support.js';

let program: string;
beforeAll(async () => {
  program = await buildChild(join(import.meta.dirname, 'program', 'child.ts'));
});

const spoolOf = (folder: string) => join(folder, 'artifacts', 'spool');
const filesIn = (folder: string) => readdirSync(folder).sort();
const values = async (store: Store, id: string, key: string) =>
  (await metricHistory(store, id, key)).map(({ value }) => value);

/** A project whose database cannot be had: a file stands where its folder should be. */
function blocked() {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'data'), '');
  return {
    folder,
    unblock: async () => {
      rmSync(join(folder, 'data'));
      return (await workplace(folder)).store;
    },
  };
}

/** Another process holds the write lock until it is told to let go. */
async function lockedBy(folder: string) {
  const locker = startChild(program, ['lock', folder]);
  await locker.line((line) => line === 'locked');
  return async () => {
    locker.process.stdin!.write('\n');
    await locker.ended;
  };
}

test('a run whose store is away from start to end is there in full when the store is back, once', async () => {
  const { folder, unblock } = blocked();
  const warnings: string[] = [];
  const options = { dir: folder, cwd: folder, onWarning: (text: string) => void warnings.push(text) };
  const long = 'x'.repeat(70_000);
  const run = await startRun({
    ...options,
    kind: 'train',
    name: 'away',
    params: { lr: 0.1, long },
    tags: { who: 'me' },
  });
  const special = [Number.NaN, Infinity, -Infinity, -0, 5e-324, 0.1];
  for (const value of special) run.logMetrics({ loss: value });
  await run.flush();
  await run.logParams({ lr: 0.2 });
  await run.setNote('first\nsecond');
  const info = await run.logArtifact('plots/roc.svg', '<svg/>', 'plot');
  const child = await startRun({ ...options, parent: run.id });
  await child.end();
  await run.end();
  expect(warnings).toEqual([expect.stringMatching(/STORE_IO.*goes on in/), expect.stringMatching(child.id)]);
  expect(filesIn(spoolOf(folder))).toContain(`${run.id}.jsonl`);

  const store = await unblock();
  const replayed = await replaySpools(store);
  expect(replayed.map(({ run_id, refused, finished }) => [run_id, refused, finished])).toEqual([
    [run.id, 0, true],
    [child.id, 0, true],
  ]);
  expect(await replaySpools(store)).toEqual([]);
  expect(filesIn(spoolOf(folder))).toEqual([]);
  const detail = await getRun(store, run.id);
  expect(detail).toMatchObject({
    status: 'FINISHED',
    name: 'away',
    note: 'first\nsecond',
    run_dir_name: run.dirName,
    params: { lr: '0.2', long: expect.stringContaining(sha256(long)) },
    tags: { who: 'me' },
    child_run_ids: [child.id],
  });
  expect(detail.artifacts).toMatchObject([
    { path: 'params/long.txt', sha256: sha256(long) },
    { path: 'plots/roc.svg', sha256: info.sha256 },
  ]);
  expect(await values(store, run.id, 'loss')).toStrictEqual(special);
  expect(await checkPointers(store)).toEqual([]);
});

test('what needs the store says so, and nothing is begun', async () => {
  const { folder } = blocked();
  for (const options of [{ resume: 'a'.repeat(32) }, { parent: 'abc' }])
    await expect(startRun({ dir: folder, cwd: folder, ...options })).rejects.toMatchObject({
      code: 'STORE_IO',
    });
  await expect(startRun({ dir: folder, cwd: folder, kind: '' })).rejects.toMatchObject({
    code: 'RUN_VALUE_INVALID',
  });
  expect(filesIn(folder)).toEqual(['data']);
});

test('a store that another process holds: the run goes on, and comes back by itself at its end', async () => {
  const { folder } = await workplace();
  const store = await openStore(placesIn(folder), { mode: 'write', busyTimeoutMs: 200 });
  onTestFinished(() => store.close());
  const warnings: string[] = [];
  const run = await startRun(store, { cwd: folder, onWarning: (text) => void warnings.push(text) });
  run.logMetrics({ loss: 1 });
  await run.flush();
  const letGo = await lockedBy(folder);
  run.logMetrics({ loss: 2 });
  await run.flush();
  await run.setTags({ while: 'locked' });
  run.logMetrics({ loss: 3 });
  await run.flush();
  expect(warnings).toHaveLength(1);
  const [spool] = filesIn(spoolOf(folder));
  expect(
    readFileSync(join(spoolOf(folder), spool), 'utf8')
      .trim()
      .split('\n'),
  ).toHaveLength(4);
  await letGo();
  run.logMetrics({ loss: 4 });
  await run.end();
  expect(filesIn(spoolOf(folder))).toEqual([]);
  expect(await getRun(store, run.id)).toMatchObject({ status: 'FINISHED', tags: { while: 'locked' } });
  expect(await values(store, run.id, 'loss')).toEqual([1, 2, 3, 4]);
});

test('a spool is brought in while its run still writes to it: nothing twice, nothing lost', async () => {
  const { folder, unblock } = blocked();
  const run = await startRun({ dir: folder, cwd: folder, onWarning: () => {} });
  run.logMetrics({ loss: 0 });
  await run.flush();
  const store = await unblock();
  expect(await replaySpools(store)).toMatchObject([{ run_id: run.id, finished: false }]);
  expect(await getRun(store, run.id)).toMatchObject({ status: 'RUNNING', metrics: { loss: 0 } });
  run.logMetrics({ loss: 1 });
  await run.flush();
  expect(await replaySpools(store)).toMatchObject([{ records: 1, finished: false }]);
  run.logMetrics({ loss: 2 });
  await run.end();
  expect(await values(store, run.id, 'loss')).toEqual([0, 1, 2]);
  expect(filesIn(spoolOf(folder))).toEqual([]);
  expect(await latestRun(store)).toMatchObject({ run_id: run.id, status: 'FINISHED' });
});

test('a run that was killed while its store was away: what it had flushed is there, and it reads LOST', async () => {
  const { folder, unblock } = blocked();
  const killed = startChild(program, ['flush', folder]);
  await killed.line((line) => line === 'flushed');
  await expect.poll(() => killed.stderr()).toMatch(/RiskopsWarning: the store is away/);
  killed.process.kill('SIGKILL');
  await killed.ended;
  const store = await unblock();
  expect(await replaySpools(store)).toMatchObject([{ run_id: killed.lines[0], finished: true }]);
  expect(await getRun(store, killed.lines[0])).toMatchObject({
    status: 'LOST',
    name: 'flush',
    metrics: { loss: 0.5 },
  });
});

test('at a heartbeat a run sees that its store is back, and goes on in it', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { cwd: folder });
  await run.end();
  const places = placesIn(folder);
  const open = (busyTimeoutMs?: number) => openStore(places, { mode: 'write', busyTimeoutMs });
  const hasty = await open(100);
  const sink = new RunSink(run.id, hasty, {
    keeping: { places, open, onWarning: () => {} },
    ownsStore: true,
  });
  const point = (step: number) => ({ run_id: run.id, key: 'loss', step, value: step, logged_ms: step });
  const letGo = await lockedBy(folder);
  await sink.insertMetrics([point(0)]);
  await sink.beat();
  expect(filesIn(spoolOf(folder))).toHaveLength(1);
  await letGo();
  // Not asked again at once: each time that it is still away it is left alone for longer.
  await sink.beat();
  expect(filesIn(spoolOf(folder))).toHaveLength(1);
  const now = performance.now.bind(performance);
  const later = vi.spyOn(performance, 'now').mockImplementation(() => now() + 6_000);
  onTestFinished(() => later.mockRestore());
  let isBack = false;
  const back = sink.beat().finally(() => (isBack = true));
  const logged: Promise<void>[] = [];
  // Its queries take microtasks, so points are added between these, all the way.
  for (let turn = 0; !isBack; turn++) {
    if (turn % 150 === 0 && logged.length < 100) logged.push(sink.insertMetrics([point(logged.length + 1)]));
    await undefined;
  }
  await Promise.all([back, ...logged]);
  expect(filesIn(spoolOf(folder))).toEqual([]);
  await sink.insertMetrics([point(logged.length + 1)]);
  expect(await values(store, run.id, 'loss')).toEqual([...logged.keys(), logged.length, logged.length + 1]);
  await sink.close();
});

test('kill -9 in the middle of bringing it in, again and again: each point is there once', async () => {
  const { folder, unblock } = blocked();
  const run = await startRun({ dir: folder, cwd: folder, onWarning: () => {} });
  const points = 24_000;
  for (let i = 0; i < points; i++) {
    run.logMetrics({ loss: i });
    if (i % 1000 === 0) await run.flush();
    if (i === 12_000) await run.logArtifact('half.txt', 'half', 'file');
  }
  await run.end();
  const store = await unblock();
  const count = async () =>
    Number(
      (
        await store.db
          .selectFrom('metric_points')
          .select((e) => e.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    );
  const seen = new Set<number>();
  for (let round = 0; round < 4 && (await count()) < points; round++) {
    const replaying = startChild(program, ['replay', folder]);
    await replaying.line((line) => line === 'replaying');
    const before = await count();
    // As soon as it has got one step further, and a moment more.
    while ((await count()) === before && replaying.process.exitCode === null) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, round % 3));
    replaying.process.kill('SIGKILL');
    await replaying.ended;
    seen.add(await count());
  }
  expect([...seen].filter((n) => n > 0 && n < points).length).toBeGreaterThan(0);
  await replaySpools(store);
  expect(await values(store, run.id, 'loss')).toEqual(Array.from({ length: points }, (_, i) => i));
  expect(await getRun(store, run.id)).toMatchObject({
    status: 'FINISHED',
    artifacts: [{ path: 'half.txt' }],
  });
  expect(filesIn(spoolOf(folder))).toEqual([]);
});

test('several processes that bring the same file in at once: each point is there once', async () => {
  const { folder, unblock } = blocked();
  const run = await startRun({ dir: folder, cwd: folder, onWarning: () => {} });
  for (let i = 0; i < 5_000; i++) {
    run.logMetrics({ loss: i });
    if (i % 100 === 0) await run.flush();
  }
  await run.end();
  const store = await unblock();
  const all = Array.from({ length: 4 }, () => startChild(program, ['replay', folder]));
  const own = [1, 2].map(() => replaySpool(store, spoolOf(folder)));
  expect(await Promise.all(all.map((one) => one.ended))).toEqual([0, 0, 0, 0]);
  await Promise.all(own);
  expect(await values(store, run.id, 'loss')).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
});

test('a line that is damaged, or cut off, does not hold up the others; the file is kept', async () => {
  const { folder, unblock } = blocked();
  const run = await startRun({ dir: folder, cwd: folder, onWarning: () => {} });
  run.logMetrics({ loss: 1 });
  await run.flush();
  const path = join(spoolOf(folder), `${run.id}.jsonl`);
  appendFileSync(path, '{"metrics":[["loss",\n{"sequence":1}\n{"metrics":[["loss",1,0.5,1700000000000]]}\n');
  await run.end();
  appendFileSync(path, '{"metrics":[["lo');
  const store = await unblock();
  expect(await replaySpools(store)).toMatchObject([{ refused: 2, finished: true }]);
  expect(await values(store, run.id, 'loss')).toEqual([1, 0.5]);
  expect((await getRun(store, run.id)).status).toBe('FINISHED');
  expect(filesIn(spoolOf(folder))).toEqual([`${run.id}.jsonl.refused`]);
});

test.skipIf(process.platform === 'win32')(
  'with no folder of the project to write to, it waits in one for temporary files, for this user alone',
  async () => {
    const { folder, unblock } = blocked();
    writeFileSync(join(folder, 'artifacts'), '');
    const before = process.env['TMPDIR'];
    const temporary = temporaryFolder();
    process.env['TMPDIR'] = temporary;
    onTestFinished(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    const run = await startRun({ dir: folder, cwd: folder, onWarning: () => {} });
    await run.end();
    const [own] = filesIn(temporary);
    expect(statSync(join(temporary, own)).mode & 0o777).toBe(0o700);
    rmSync(join(folder, 'artifacts'));
    mkdirSync(join(folder, 'artifacts'));
    const store = await unblock();
    expect(await replaySpools(store)).toMatchObject([{ run_id: run.id, finished: true }]);
  },
);
