import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { getRun, metricHistory } from '../../src/tracking/read-runs.js';
import { startRun } from '../../src/tracking/runs.js';
import { startShellRun } from '../../src/tracking/shell-run.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { workplace } from './tracking-support.js';

let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

const steps = async (...[store, id, key]: Parameters<typeof metricHistory>) =>
  (await metricHistory(store, id, key)).map(({ step, value }) => [step, value]);

test.each(['end', 'fail', 'kill'] as const)('a run that ended by %s goes on', async (way) => {
  const { folder, store } = await workplace();
  const first = await startRun(store, { kind: 'train', model: 'credit', params: { lr: 1 }, cwd: folder });
  first.logMetrics({ loss: 0.9, auc: 0.5 });
  first.logMetrics({ loss: 0.8 }, 7);
  await (way === 'end' ? first.end() : first[way]('SIGTERM'));
  const before = await getRun(store, first.id);

  const options = { kind: 'train', model: 'credit', cwd: folder, resume: first.id.slice(0, 10) };
  const second = await startRun(store, { ...options, params: { lr: 0.5 }, note: 'again' });
  expect(second.id).toBe(first.id);
  expect(await getRun(store, first.id)).toMatchObject({
    status: 'RUNNING',
    error: null,
    ended_at: null,
    exit_code: null,
    note: 'again',
  });
  second.logMetrics({ loss: 0.7, auc: 0.6 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await second.end();
  expect(await steps(store, first.id, 'loss')).toEqual([
    [0, 0.9],
    [7, 0.8],
    [8, 0.7],
  ]);
  expect(await steps(store, first.id, 'auc')).toEqual([
    [0, 0.5],
    [1, 0.6],
  ]);
  const after = await getRun(store, first.id);
  expect(after).toMatchObject({ status: 'FINISHED', error: null, params: { lr: '0.5' } });
  expect(after.duration_ms).toBeGreaterThanOrEqual(before.duration_ms! + 20);
  const [kept] = after.artifacts.filter((artifact) => artifact.path === 'resumes/1/resume.json');
  expect(kept.kind).toBe('resume');
  const row = await store.db
    .selectFrom('artifacts')
    .select('blob')
    .where('sha256', '=', kept.sha256)
    .executeTakeFirstOrThrow();
  const record = JSON.parse((await store.blobs.get(row.blob)).toString());
  expect(record.before).toMatchObject({
    status: before.status,
    error: before.error,
    ended_at: before.ended_at,
  });
});

test('a run that was lost goes on after its last step; one that lives elsewhere, or here, is refused', async () => {
  const { folder, store } = await workplace();
  const logging = startChild(child, ['log', folder]);
  const runId = await logging.line((line) => /^[0-9a-f]{32}$/.test(line));
  await logging.line((line) => line === '5');
  await expect(startRun(store, { resume: runId, cwd: folder })).rejects.toMatchObject({
    code: 'RUN_IS_RUNNING',
    why: expect.stringMatching(`process ${logging.process.pid} on `),
  });
  logging.process.kill('SIGKILL');
  await logging.ended;
  const last = (await steps(store, runId, 'loss')).length;

  const tries = await Promise.allSettled(
    [1, 2, 3].map(() => startRun(store, { resume: runId, cwd: folder })),
  );
  const taken = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const refused = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  expect({ taken: taken.length, refused }).toEqual({
    taken: 1,
    refused: ['RUN_IS_RUNNING', 'RUN_IS_RUNNING'],
  });
  taken[0].logMetrics({ loss: -1 });
  await taken[0].end();
  expect((await steps(store, runId, 'loss')).at(-1)).toEqual([last, -1]);
});

test('a run keeps its kind, model and parent; a process that lost its run to another does not end it', async () => {
  const { folder, store } = await workplace();
  const shell = await startShellRun(store, { kind: 'train', cwd: folder });
  for (const other of [{ kind: 'tune' }, { model: 'credit' }, { parent: shell }])
    await expect(startRun(store, { resume: shell, cwd: folder, ...other })).rejects.toMatchObject({
      code: 'RUN_VALUE_INVALID',
      message: expect.stringMatching(/keeps its (kind|model|parent)/),
    });
  // A script hands its run to a process, which is ended from outside and replaced.
  const run = await startRun(store, { resume: shell, cwd: folder });
  await store.write((t) => t.updateTable('runs').set({ process_started: 'another' }).execute());
  await run.end();
  expect((await getRun(store, shell)).status).toBe('LOST');
  await expect(startRun(store, { resume: 'ffff', cwd: folder })).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
  });
});
