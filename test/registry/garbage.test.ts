import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deleteVersions } from '../../src/registry/deletion.js';
import { collectGarbage, type Garbage } from '../../src/registry/garbage.js';
import { listModels } from '../../src/registry/models.js';
import { setAlias } from '../../src/registry/set-alias.js';
import type { Store } from '../../src/storage/store.js';
import { addArtifact } from '../../src/tracking/artifacts.js';
import { checkArtifacts } from '../../src/tracking/check-artifacts.js';
import { deleteRuns, protectRuns, restoreRuns } from '../../src/tracking/deletion.js';
import { checkPointers, rebuildPointers } from '../../src/tracking/manifest.js';
import { sha256 } from '../../src/util/files.js';
import { filesIn } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';
import { addRun, addVersion, failure, openTestStore, placesIn, promote } from './support/registry-store.js';

const DAY_MS = 86_400_000;
const ALL = { olderThanMs: 0 };

/** What lies in the store, and what its rows refer to. */
async function contents(store: Store) {
  const onDisk = (await store.blobs.list('blobs')).map(({ key }) => key);
  const rows = await store.db.selectFrom('artifacts').select('blob').distinct().orderBy('blob').execute();
  return { onDisk, named: rows.map(({ blob }) => blob) };
}

/** An ended run with its manifest, its pointers and these artifacts. */
async function runWith(store: Store, artifacts: Record<string, string>): Promise<string> {
  const run = await addRun(store);
  for (const [path, content] of Object.entries(artifacts)) await addArtifact(store, run, path, content, 'x');
  await rebuildPointers(store);
  return run;
}

const makeOld = (path: string, days: number) => {
  const then = (Date.now() - days * DAY_MS) / 1000;
  utimesSync(path, then, then);
};

async function isWell(store: Store): Promise<void> {
  const faults = [];
  for await (const fault of checkArtifacts(store)) faults.push(fault);
  expect({ faults, pointers: await checkPointers(store) }).toEqual({ faults: [], pointers: [] });
}

const shape = ({ runs, versions, models, leftovers, kept, warnings, bytes }: Garbage) => {
  return { runs, versions, models, leftovers, kept, warnings, bytes };
};

test('a dry run says what would go, byte for byte what goes, and changes nothing', async () => {
  const places = placesIn(temporaryFolder());
  const store = await openTestStore(places);
  const stays = await runWith(store, { a: 'shared', b: 'only here' });
  const goes = [
    await runWith(store, { a: 'shared', b: '12345' }),
    await runWith(store, { a: '12345', b: '67' }),
  ];
  const version = await addVersion(store);
  await addArtifact(store, stays, 'replaced', 'of no use any more', 'x');
  await addArtifact(store, stays, 'replaced', 'new', 'x');
  await deleteRuns(store, [...goes, version.run_id]);

  const before = filesIn(places.artifacts);
  const reader = await openTestStore(places, 'read');
  const planned = await collectGarbage(reader, { ...ALL, dryRun: true });
  expect(filesIn(places.artifacts)).toEqual(before);
  expect(planned.runs.map(({ run_id }) => run_id)).toEqual([...goes, version.run_id]);
  // Content goes with the last of the runs that keep it; manifest and pointer go with their run.
  const own = (run: string) =>
    Object.keys(before).filter((path) => path.includes(run) && !path.includes('models'));
  expect(planned.runs.map(({ files }) => files)).toEqual([
    own(goes[0]).length,
    own(goes[1]).length + 2,
    own(version.run_id).length,
  ]);
  expect(planned.versions).toMatchObject([{ model: 'credit', version: 1, bytes: version.bytes }]);
  expect(planned.models).toEqual(['credit']);
  expect(planned.leftovers).toEqual([{ what: 'contents that no run keeps', files: 1, bytes: 18 }]);

  const sizeOf = (files: Record<string, string>) => Object.keys(files).length;
  const collected = await collectGarbage(store, ALL);
  expect(shape(collected)).toEqual(shape(planned));
  expect(collected.dry_run).toBe(false);
  expect(sizeOf(before) - sizeOf(filesIn(places.artifacts))).toBe(
    collected.runs.reduce((sum, run) => sum + run.files, 0) + collected.versions.length + 1,
  );
  const { onDisk, named } = await contents(store);
  expect(onDisk).toEqual(named);
  expect(await listModels(store)).toEqual([]);
  await isWell(store);
});

test('what was deleted less than 30 days ago stays, and so does what is young on disk', async () => {
  const store = await openTestStore();
  const run = await runWith(store, { a: 'a' });
  await deleteRuns(store, [run]);
  const orphan = await store.blobs.add('on its way');
  const old = await store.blobs.add('left by a killed process');
  makeOld(store.blobs.path(old.key), 2);
  expect(await collectGarbage(store)).toMatchObject({ runs: [], leftovers: [{ files: 1, bytes: 24 }] });
  expect(store.blobs.size(orphan.key)).toBe(10);
  expect(store.blobs.size(old.key)).toBeUndefined();
  await restoreRuns(store, [run]);
  await isWell(store);

  const then = new Date(Date.now() - 31 * DAY_MS).toISOString();
  await store.write((t) => t.updateTable('runs').set({ deleted_at: then }).execute());
  expect((await collectGarbage(store)).runs).toMatchObject([{ run_id: run, deleted_at: then }]);
});

test('whatever is logged, replaced, deleted and restored: afterwards content on disk is what rows name', async () => {
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('keep'), fc.nat(3), fc.nat(2), fc.nat(5)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('delete'), fc.nat(3)) },
    fc.tuple(fc.constant('restore'), fc.nat(3)),
    fc.tuple(fc.constant('collect')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25, size: 'max' }), async (operations) => {
      const store = await openTestStore();
      const runs = await Promise.all(Array.from({ length: 4 }, () => addRun(store)));
      const kept = new Map<string, string>();
      const refusals = new Set<string>();
      for (const [name, run = 0, path = 0, content = 0] of operations as [string, ...number[]][]) {
        const work =
          name === 'keep'
            ? addArtifact(store, runs[run], `p${path}`, `content ${content}`, 'x')
            : name === 'delete'
              ? deleteRuns(store, [runs[run]])
              : name === 'restore'
                ? restoreRuns(store, [runs[run]])
                : collectGarbage(store, ALL);
        const code = await work.then(
          () => undefined,
          (error) => error.code as string,
        );
        if (code !== undefined) refusals.add(code);
        else if (name === 'keep') kept.set(`${runs[run]}/p${path}`, sha256(`content ${content}`));
      }
      await collectGarbage(store, ALL);
      const { onDisk, named } = await contents(store);
      expect(onDisk).toEqual(named);
      expect([...refusals].filter((code) => code !== 'RUN_NOT_FOUND')).toEqual([]);
      const rows = await store.db.selectFrom('artifacts').select(['run_id', 'path', 'sha256']).execute();
      for (const { run_id, path, sha256 } of rows) expect(kept.get(`${run_id}/${path}`)).toBe(sha256);
      const live = await store.db.selectFrom('runs').select('run_id').execute();
      const expected = [...kept.keys()].filter((key) => live.some(({ run_id }) => key.startsWith(run_id)));
      expect(rows).toHaveLength(expected.length);
      await rebuildPointers(store);
      await isWell(store);
      await store.close();
    }),
    { numRuns: 5 },
  );
});

test('a file that somebody removed by hand is a warning; everything else is collected', async () => {
  const store = await openTestStore();
  const [a, b] = [await runWith(store, { gone: 'gone', there: 'there' }), await runWith(store, { c: 'c' })];
  const { run_id, path } = await addVersion(store);
  rmSync(store.blobs.path(`blobs/${sha256('gone').slice(0, 2)}/${sha256('gone')}`));
  rmSync(store.blobs.path(path));
  rmSync(store.blobs.path('runs'), { recursive: true });
  await deleteRuns(store, [a, b, run_id]);
  const collected = await collectGarbage(store, ALL);
  expect(collected.warnings).toEqual([
    `run ${a.slice(0, 8)}: blobs/${sha256('gone').slice(0, 2)}/${sha256('gone')} was missing already`,
    `version 1 of credit: ${path} was missing already`,
  ]);
  expect(collected.runs).toHaveLength(3);
  expect((await contents(store)).onDisk).toEqual([]);
  expect((await collectGarbage(store, ALL)).warnings).toEqual([]);
});

test('what was served is never collected, nor what somebody promoted or named while it was deleted', async () => {
  const store = await openTestStore();
  const versions = [await addVersion(store), await addVersion(store), await addVersion(store)];
  await promote(store, 1);
  await promote(store, 2);
  await setAlias(store, { model: 'credit', alias: 'eu', version: 3, actor: 'min' });
  // As if the deletion had come between the look and the promotion of somebody else.
  const deleted_at = new Date(Date.now() - 99 * DAY_MS).toISOString();
  await store.write(async (t) => {
    await t.updateTable('runs').set({ deleted_at }).execute();
    for (const version of [1, 2, 3])
      await t
        .insertInto('version_marks')
        .values({ model: 'credit', version, deleted_at, protected_at: null })
        .execute();
  });
  const { runs, kept, bytes } = await collectGarbage(store, ALL);
  expect({ runs, bytes }).toEqual({ runs: [], bytes: 0 });
  expect(kept.map(({ why }) => why.split(';')[0])).toEqual([
    ...['was current', 'is current', 'has the alias eu'].map((why, i) => `version ${i + 1} of credit ${why}`),
    ...['was current', 'is current', 'has the alias eu'].map((why, i) => `version ${i + 1} of credit ${why}`),
  ]);
  for (const { path, bytes } of versions) expect(store.blobs.size(path)).toBe(bytes);
});

test('a name is free again when nothing refers to it; numbers are not used twice while something does', async () => {
  const store = await openTestStore();
  await addVersion(store, 'trial');
  await addVersion(store, 'judged');
  await store.write((t) =>
    t
      .insertInto('holdout_uses')
      .values({
        ...{ holdout_sha256: 'h', model: 'judged', version: 1, content_sha256: 'c', metric: 'auc', gain: 0 },
        ...{ verdict: 'reject' as const, gate_report_sha256: 'g', judged_at: new Date().toISOString() },
      })
      .execute(),
  );
  await deleteVersions(store, { model: 'trial' });
  await deleteVersions(store, { model: 'judged' });
  expect((await collectGarbage(store, ALL)).models).toEqual(['trial']);
  expect(existsSync(store.blobs.path('models/trial'))).toBe(false);
  expect((await addVersion(store, 'trial')).version).toBe(1);
  expect((await addVersion(store, 'judged')).version).toBe(2);
});

test("leftovers of killed processes go when they are a day old; what is somebody's own stays", async () => {
  const store = await openTestStore();
  const run = await runWith(store, { a: 'a' });
  const version = await addVersion(store);
  const old = [
    'blobs/new.tmp-0123456789ab',
    'runs/20260101_000000_train_gone/manifest.json',
    'runs/20260101_000000_train_gone/plots/roc.svg',
    `runs/_by_id/${'f'.repeat(32)}.json`,
    'models/credit/candidates/never-registered.safetensors',
    'models/other/candidates/never-registered.safetensors',
  ];
  const own = ['runs/notes/mine.txt', 'models/readme.txt', 'blobs/ab/readme.txt', 'mine.txt'];
  for (const key of [...old, ...own]) {
    await store.blobs.put(key.replace('.tmp-0123456789ab', ''), 'x');
    if (key.includes('.tmp-')) writeFileSync(join(store.places.artifacts, key), 'x');
  }
  store.blobs.remove('blobs/new');
  expect((await collectGarbage(store, ALL)).leftovers).toEqual([]);
  for (const path of Object.keys(filesIn(store.places.artifacts))) makeOld(path, 2);
  expect((await collectGarbage(store)).leftovers).toEqual([
    { what: 'unfinished files', files: 1, bytes: 1 },
    { what: 'model files of no version', files: 2, bytes: 2 },
    { what: 'files of runs that are gone', files: 3, bytes: 3 },
  ]);
  const paths = Object.keys(filesIn(store.places.artifacts));
  for (const key of own) expect(paths).toContain(join(store.places.artifacts, key));
  for (const key of old) expect(paths).not.toContain(join(store.places.artifacts, key));
  expect(readdirSync(join(store.places.artifacts, 'runs'))).not.toContain('20260101_000000_train_gone');
  expect(store.blobs.size(version.path)).toBe(version.bytes);
  expect(await collectGarbage(store)).toMatchObject({ leftovers: [], bytes: 0 });
  await protectRuns(store, [run]);
  await rebuildPointers(store);
  await isWell(store);
});

test('with a database that the files do not belong to nothing is collected', async () => {
  const places = placesIn(temporaryFolder());
  const store = await openTestStore(places);
  await addVersion(store);
  await runWith(store, { a: 'a' });
  for (const path of Object.keys(filesIn(places.artifacts))) makeOld(path, 400);
  const before = filesIn(places.artifacts);
  const mistyped = await openTestStore({ ...places, database: `${places.database}.other` });
  expect(await failure(collectGarbage(mistyped, ALL))).toMatchObject({
    code: 'POINTER_INVALID',
    exitCode: 65,
  });
  await promote(store, 1);
  rmSync(store.blobs.path('runs/_latest.json'));
  expect(await failure(collectGarbage(mistyped, ALL))).toMatchObject({ code: 'POINTER_INVALID' });
  await rebuildPointers(store);
  const { [places.currentModel]: pointer, ...after } = filesIn(places.artifacts);
  expect(pointer).toBeDefined();
  expect(after).toEqual(before);
});
