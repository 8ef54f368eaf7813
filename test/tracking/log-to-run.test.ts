import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { logLines } from '../../src/tracking/log-lines.js';
import { logToRun } from '../../src/tracking/log-to-run.js';
import { getRun, metricHistory } from '../../src/tracking/read-runs.js';
import { startRun } from '../../src/tracking/runs.js';
import { endRun, startShellRun } from '../../src/tracking/shell-run.js';
import { workplace } from './tracking-support.js';

test('logging is a heartbeat, and a run that was lost lives again by it', async () => {
  const { folder, store } = await workplace();
  const runId = await startShellRun(store, { cwd: folder });
  const longAgo = new Date(Date.now() - 2 * 86_400_000).toISOString();
  await store.write((t) => t.updateTable('runs').set({ heartbeat_at: longAgo }).execute());
  expect(await getRun(store, runId)).toMatchObject({
    status: 'LOST',
    error: `nothing was logged for a day; last heard of ${longAgo}`,
  });
  await logToRun(store, runId, { points: [{ key: 'loss', value: 1 }] });
  expect((await getRun(store, runId)).status).toBe('RUNNING');
});

test('one call is kept whole or not at all; a run that ended takes nothing', async () => {
  const { folder, store } = await workplace();
  const runId = await startShellRun(store, { cwd: folder });
  const points = [
    { key: 'loss', value: 1 },
    { key: 'loss', value: 2 },
    { key: 'loss', value: 3, step: 10 },
    { key: 'loss', value: 4 },
  ];
  await expect(logToRun(store, runId, { points, tags: { '': 'x' } })).rejects.toMatchObject({
    code: 'RUN_VALUE_INVALID',
  });
  const bad = [...points, { key: 'loss', value: 1, step: 0.5 }];
  await expect(logToRun(store, runId, { points: bad, params: { lr: 1 } })).rejects.toMatchObject({
    code: 'RUN_VALUE_INVALID',
  });
  expect(await getRun(store, runId)).toMatchObject({ metrics: {}, params: {} });
  await logToRun(store, runId, { points });
  expect((await metricHistory(store, runId, 'loss')).map(({ step }) => step)).toEqual([0, 1, 10, 11]);
  await endRun(store, runId, { error: 'no data' });
  expect(await getRun(store, runId)).toMatchObject({ status: 'FAILED', error: 'no data' });
  await expect(logToRun(store, runId, { points })).rejects.toMatchObject({ code: 'RUN_ENDED' });
  await expect(endRun(store, runId)).rejects.toMatchObject({ code: 'RUN_ENDED', why: 'it is FAILED' });
});

test('lines are kept as they come, however slowly, and a bad one does not take those before it away', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { cwd: folder });
  async function* slowly() {
    yield '{"metrics":{"loss":1,"auc":"NaN"}}';
    await expect.poll(() => metricHistory(store, run.id, 'auc'), { timeout: 5000 }).toHaveLength(1);
    yield '';
    await sleep(5);
    yield '{"key":"loss","value":2}';
    yield '{"key":"loss","valu":2}';
    yield '{"key":"loss","value":3}';
  }
  await expect(logLines(store, run.id, slowly())).rejects.toMatchObject({
    code: 'RUN_VALUE_INVALID',
    message: expect.stringMatching(/^line 4: /),
  });
  expect((await metricHistory(store, run.id, 'loss')).map(({ value }) => value)).toEqual([1, 2]);
  await run.end();
});
