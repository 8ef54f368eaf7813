import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/storage/open-store.js';
import { getRun } from '../../src/tracking/read-runs.js';
import { startRun } from '../../src/tracking/runs.js';
import { placesIn } from '../storage/rows.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { baseProject } from './support/base.js';
import { changes, expectHonest, runUnder } from './support/fault.js';

const copy = baseProject();
let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

test('while another process holds the write lock for 3 s, writers wait and succeed, and who reads does not wait', async () => {
  const folder = copy();
  const store = await openStore(placesIn(folder), { mode: 'write' });
  const run = await startRun(store, { kind: 'train', cwd: folder });
  const holder = startChild(child, ['hold', folder, '3000']);
  await holder.line((line) => line === 'holding');
  const logging = run.logParams({ depth: 4 });
  const promoting = runUnder([], folder, changes.promote.words());
  expect((await getRun(store, run.id)).params).toEqual({});
  expect(await runUnder([], folder, ['runs', 'list'])).toMatchObject({ exitCode: 0 });
  await logging;
  expect(holder.lines).toContain('holding');
  expect((await getRun(store, run.id)).params).toEqual({ depth: '4' });
  expect(await promoting).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await holder.ended).toBe(0);
  await run.end();
  await store.close();
});

test('when the lock is held for longer than a writer waits, it says so, and nothing is changed', async () => {
  const folder = copy();
  const holder = startChild(child, ['hold', folder, '20000']);
  await holder.line((line) => line === 'holding');
  const store = await openStore(placesIn(folder), { mode: 'write', busyTimeoutMs: 300 });
  await expect(startRun(store, { kind: 'train', cwd: folder })).rejects.toMatchObject({
    code: 'STORE_BUSY',
    exitCode: 75,
  });
  await store.close();
  holder.process.kill('SIGKILL');
  // Locks die with the process: the next command need not be told.
  expect((await expectHonest(folder, changes.promote, [])).end).toBe('done');
});
