import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runDoctor } from '../../src/checks/doctor/doctor.js';
import { deleteVersions } from '../../src/registry/deletion.js';
import { collectGarbage } from '../../src/registry/garbage.js';
import { promoteVersion } from '../../src/registry/promote.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store, StorePlaces } from '../../src/storage/store.js';
import { addArtifact } from '../../src/tracking/artifacts.js';
import { checkArtifacts } from '../../src/tracking/check-artifacts.js';
import { deleteRuns } from '../../src/tracking/deletion.js';
import { rebuildPointers } from '../../src/tracking/manifest.js';
import { buildChild, type Child, startChild } from '../support/child-entry.js';
import { temporaryFolder } from '../support/temporary.js';
import type { GarbageTask } from './support/garbage-worker.js';
import { addRun, addVersion, openTestStore, placesIn } from './support/registry-store.js';

const worker = await buildChild(join(import.meta.dirname, 'support', 'garbage-worker.ts'));

const start = (places: StorePlaces, task: GarbageTask['task']): Child =>
  startChild(worker, [JSON.stringify({ places, task } satisfies GarbageTask)]);

async function isWhole(store: Store): Promise<void> {
  const faults = [];
  for await (const fault of checkArtifacts(store)) faults.push(fault);
  expect(faults).toEqual([]);
}

/** Runs with a file of their own and one that all share; half of them made a version. They are in the trash. */
async function fillTrash(store: Store, count: number): Promise<string[]> {
  const runs: string[] = [];
  for (let i = 0; i < count; i++) {
    const run = i % 2 === 0 ? await addRun(store) : (await addVersion(store, 'trial')).run_id;
    await addArtifact(store, run, 'own', `own ${i}`, 'x');
    await addArtifact(store, run, 'shared', 'shared', 'x');
    runs.push(run);
  }
  await deleteRuns(store, runs);
  return runs;
}

async function blobsAndRows(store: Store) {
  const onDisk = (await store.blobs.list('blobs')).map(({ key }) => key);
  const rows = await store.db.selectFrom('artifacts').select('blob').distinct().orderBy('blob').execute();
  return { onDisk, named: rows.map(({ blob }) => blob) };
}

test('collections that are killed at any moment leave a store that is well, and the next one completes', async () => {
  const places = placesIn(temporaryFolder());
  const store = await openTestStore(places);
  const kept = await addRun(store);
  await addArtifact(store, kept, 'shared', 'shared', 'x');
  await addVersion(store);
  const promotion = { model: 'credit', version: 1, expectedCurrent: null, actor: 'min', reason: 'a test' };
  await promoteVersion(store, { ...promotion, verdict: null, gateReportSha256: null });
  await fillTrash(store, 40);
  await rebuildPointers(store);
  const left = async () =>
    (await store.db.selectFrom('runs').select('run_id').where('deleted_at', 'is not', null).execute()).length;

  let killed = 0;
  for (let round = 0; round < 10; round++) {
    const child = start(places, 'collect');
    // Before the first row, or some runs further on, and there at any point of their rows and files.
    const seen = () => child.lines.filter((line) => line.startsWith('collecting')).length;
    await child.line((line) => line === 'ready');
    const wanted = Math.floor(Math.random() * Math.min(round + 1, 6));
    await child.line(() => seen() >= wanted);
    await new Promise((resolve) => setTimeout(resolve, 12 * Math.random()));
    child.process.kill('SIGKILL');
    if ((await child.ended) === 'SIGKILL') killed++;
    await isWhole(store);
    // A run is there with its versions and files on record, or nothing of it is.
    const rows = await store.db
      .selectFrom('runs as r')
      .leftJoin('artifacts as a', 'a.run_id', 'r.run_id')
      .select(({ fn }) => ['r.run_id', fn.count<number>('a.path').as('files')])
      .where('r.deleted_at', 'is not', null)
      .groupBy('r.run_id')
      .execute();
    expect(rows.filter(({ files }) => Number(files) !== 2)).toEqual([]);
  }
  expect(killed).toBe(10);
  const { findings } = await runDoctor({ places });
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  const remaining = await left();
  // The moments did lie in the middle of the work.
  expect(remaining).toBeLessThan(40);
  const last = await collectGarbage(store, { olderThanMs: 0 });
  expect(last.runs).toHaveLength(remaining);
  expect(last.warnings).toEqual([]);
  expect(await left()).toBe(0);
  const { onDisk, named } = await blobsAndRows(store);
  expect(onDisk).toEqual(named);
  await isWhole(store);
});

test('two collections at once: each run goes once, nobody fails, nothing is left', async () => {
  const places = placesIn(temporaryFolder());
  const store = await openTestStore(places);
  const kept = await addRun(store);
  await addArtifact(store, kept, 'shared', 'shared', 'x');
  const runs = await fillTrash(store, 20);
  await deleteVersions(store, { model: 'trial' });
  const children = [start(places, 'collect'), start(places, 'collect')];
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0]);
  const collected = children.flatMap(({ lines }) => lines.filter((line) => /^[0-9a-f]{32}$/.test(line)));
  expect(collected.sort()).toEqual([...runs].sort());
  const { onDisk, named } = await blobsAndRows(store);
  expect(onDisk).toEqual(named);
  expect(named).toHaveLength(1);
  await isWhole(store);
});

test('while four processes keep the same few contents again and again, a collector takes nothing that is on record', async () => {
  const places = placesIn(temporaryFolder());
  const opened = await openStore(places, { mode: 'write' });
  const runs = await Promise.all(Array.from({ length: 4 }, () => addRun(opened)));
  await opened.close();
  const collector = start(places, 'keep-collecting');
  await collector.line((line) => line === 'ready');
  const keepers = runs.map((run) => start(places, { run, times: 60 }));
  expect(
    await Promise.all(keepers.map(async ({ ended, stderr }) => ({ code: await ended, stderr: stderr() }))),
  ).toEqual(keepers.map(() => ({ code: 0, stderr: '' })));
  collector.process.stdin?.end();
  expect({ code: await collector.ended, stderr: collector.stderr() }).toEqual({ code: 0, stderr: '' });
  // It did take what was replaced in the meantime.
  expect(Number(collector.lines.at(-1))).toBeGreaterThan(0);
  const store = await openTestStore(places);
  await isWhole(store);
  expect(await store.db.selectFrom('artifacts').select('path').execute()).toHaveLength(8);
});
