import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkPointers, rebuildPointers } from '../../src/tracking/manifest.js';
import { getRun, latestRun } from '../../src/tracking/read-runs.js';
import { startRun } from '../../src/tracking/runs.js';
import { workplace } from './tracking-support.js';

async function threeRuns() {
  const { folder, store } = await workplace();
  const runs = [];
  for (let i = 0; i < 3; i++) {
    const run = await startRun(store, { kind: 'train', cwd: folder });
    await run.end();
    runs.push(run);
  }
  return { store, folder, runs, path: (key: string) => store.blobs.path(key) };
}

test('files that are missing, behind or damaged are named, mended, and then whole', async () => {
  const { store, runs, path } = await threeRuns();
  expect(await checkPointers(store)).toEqual([]);
  const [a, b, c] = runs;
  const manifest = (run: { dirName: string }) => `runs/${run.dirName}/manifest.json`;
  const whole = new Map(
    [manifest(a), manifest(b), 'runs/_latest.json'].map((key) => [key, readFileSync(path(key), 'utf8')]),
  );

  rmSync(path(manifest(a)));
  writeFileSync(path(manifest(b)), readFileSync(path(manifest(b)), 'utf8').replace('FINISHED', 'RUNNING'));
  writeFileSync(path(`runs/_by_id/${b.id}.json`), '{"run_id":');
  rmSync(path(`runs/_by_id/${c.id}.json`));
  writeFileSync(path('runs/_latest.json'), readFileSync(path(`runs/_by_id/${a.id}.json`)));
  const stale = [
    { path: manifest(a), why: 'it is missing' },
    { path: manifest(b), why: 'it is behind the database' },
    { path: `runs/_by_id/${b.id}.json`, why: 'it is damaged' },
    { path: `runs/_by_id/${c.id}.json`, why: 'it is missing' },
    { path: 'runs/_latest.json', why: 'it is behind the database' },
  ];
  expect(await checkPointers(store)).toEqual(stale);
  expect((await latestRun(store)).run_id).toBe(c.id);
  expect(await rebuildPointers(store)).toEqual(stale);
  expect(await checkPointers(store)).toEqual([]);
  for (const [key, text] of whole) expect(readFileSync(path(key), 'utf8')).toBe(text);
});

test('a whole artifacts folder that is gone is made again', async () => {
  const { store } = await threeRuns();
  rmSync(store.places.artifacts, { recursive: true });
  expect(await rebuildPointers(store)).toHaveLength(7);
  expect(await checkPointers(store)).toEqual([]);
});

test('a run whose files cannot be written is recorded as FAILED with the reason', async () => {
  const { folder, store } = await workplace();
  mkdirSync(store.places.artifacts);
  writeFileSync(store.blobs.path('runs'), 'a file where the folder should be');
  await expect(startRun(store, { kind: 'train', cwd: folder })).rejects.toMatchObject({ code: 'STORE_IO' });
  expect(await latestRun(store)).toMatchObject({
    status: 'FAILED',
    error: expect.stringMatching(/STORE_IO/),
  });
});

test('runs that start at once leave the newest as the latest', async () => {
  const { folder, store } = await workplace();
  const runs = await Promise.all(
    Array.from({ length: 8 }, () => startRun(store, { kind: 'train', cwd: folder })),
  );
  const newest = await latestRun(store);
  expect(JSON.parse(readFileSync(store.blobs.path('runs/_latest.json'), 'utf8')).run_id).toBe(newest.run_id);
  await Promise.all(runs.map((run) => run.end()));
  expect((await getRun(store, newest.run_id)).status).toBe('FINISHED');
});
