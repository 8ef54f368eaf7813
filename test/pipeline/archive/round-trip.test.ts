import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { runDoctor } from '../../../src/checks/doctor/doctor.js';
import { readModelFile } from '../../../src/models/model-file.js';
import { backUpStore } from '../../../src/pipeline/archive/backup-store.js';
import { restoreStore } from '../../../src/pipeline/archive/restore-store.js';
import { verifyChain } from '../../../src/registry/audit.js';
import { readPointer } from '../../../src/registry/current.js';
import { registerVersion } from '../../../src/registry/versions.js';
import type { Store } from '../../../src/storage/store.js';
import { addArtifact } from '../../../src/tracking/artifacts.js';
import { addRun, addVersion, placesIn, promote, served } from '../../registry/support/registry-store.js';
import { temporaryFolder } from '../../support/temporary.js';
import { emptyStore, exported, fullStore, imported } from './archive-store.js';

/** Every row of every table but what is a store's own: sequences of runs and metrics, keys of files. */
async function rowsOf(store: Store): Promise<Record<string, unknown[]>> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`.execute(
    store.db,
  );
  const found: Record<string, unknown[]> = {};
  for (const { name } of tables) {
    const { rows } = await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(name)}`.execute(store.db);
    const own =
      name === 'runs'
        ? ['sequence']
        : name === 'artifacts'
          ? ['blob']
          : name === 'versions'
            ? ['path']
            : name === 'outcomes'
              ? ['sequence']
              : ['metric'];
    const plain = rows.map((row) =>
      JSON.stringify(Object.entries(row).filter(([key]) => name === 'holdout_uses' || !own.includes(key))),
    );
    found[name] = plain.sort();
  }
  return found;
}

test('everything, out and in: every table the same, every number exact, the history whole, and the same bytes out again', async () => {
  const store = await fullStore();
  const everything = { all: true, predictions: true };
  const { path, runs, versions, promotions, missing } = await exported(store, everything);
  expect({ runs, versions, promotions, missing }).toEqual({
    runs: 4,
    versions: 4,
    promotions: 4,
    missing: [],
  });
  const copy = await emptyStore();
  expect(await imported(copy, path)).toMatchObject({
    runs: { imported: 4, known: 0 },
    promotions: 4,
    predictions: 2,
    left_out: [],
  });
  expect(await rowsOf(copy)).toEqual(await rowsOf(store));
  expect((await rowsOf(copy))['outcomes']).toHaveLength(2);
  expect(await verifyChain(copy)).toEqual({ ok: true, broken: null });
  expect(
    (await runDoctor({ places: copy.places })).findings.filter(({ severity }) => severity === 'error'),
  ).toEqual([]);
  expect([served(copy, 'credit'), served(copy, '모형')]).toEqual([2, 2]);
  const again = await exported(copy, everything);
  expect(readFileSync(again.path).equals(readFileSync(path))).toBe(true);
});

test('no table is forgotten: a new one must be put into the archive, or be named here as a matter of one machine', async () => {
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`.execute(
    (await emptyStore()).db,
  );
  // Tokens open this machine's server, and alerts are of its clock.
  const ofOneMachine = ['alert_deliveries', 'alerts', 'tokens'];
  expect(rows.map(({ name }) => name).filter((name) => !ofOneMachine.includes(name))).toEqual([
    'aliases',
    'artifacts',
    'current_versions',
    'holdout_uses',
    'metric_points',
    'metrics',
    'models',
    'outcomes',
    'params',
    'prediction_segments',
    'promotions',
    'runs',
    'spools',
    'tags',
    'version_marks',
    'versions',
  ]);
});

test('a zipped archive is the same each time, and the same archive taken in again changes nothing', async () => {
  const store = await fullStore();
  const [one, two] = [
    await exported(store, { all: true }, 'a.tar.gz'),
    await exported(store, { all: true }, 'b.tar.gz'),
  ];
  expect(readFileSync(one.path).equals(readFileSync(two.path))).toBe(true);
  const before = await rowsOf(store);
  const done = await imported(store, one.path);
  expect(done).toMatchObject({ runs: { imported: 0, known: 4 }, promotions: 0, left_out: [] });
  expect(done.versions.every(({ known, from, to }) => known && from === to)).toBe(true);
  expect(await rowsOf(store)).toEqual(before);
});

test('one run comes with the runs above and below it and the versions they made; one version with its run', async () => {
  const store = await fullStore();
  const ids = (await store.db.selectFrom('runs').select('run_id').orderBy('sequence').execute()).map(
    ({ run_id }) => run_id,
  );
  const copy = await emptyStore();
  const archive = await exported(store, { runs: [ids[1].slice(0, 10)] });
  expect(archive).toMatchObject({ runs: 2, versions: 2, promotions: 0 });
  expect(await imported(copy, archive.path)).toMatchObject({
    runs: { imported: 2, known: 0 },
    promotions: 0,
    left_out: [],
  });
  expect(await exported(store, { model: '모형', version: 2 })).toMatchObject({ runs: 1, versions: 1 });
  await expect(exported(store, {})).rejects.toMatchObject({ code: 'USAGE' });
  await expect(exported(store, { all: true, model: 'credit' })).rejects.toMatchObject({ code: 'USAGE' });
});

test('versions of a model that is here already get its next numbers, and the history stays behind', async () => {
  const [source, target] = [await fullStore(), await emptyStore()];
  await addVersion(target, 'credit', 0.75);
  await promote(target, 1);
  const { path } = await exported(source, { all: true });
  const done = await imported(target, path);
  expect(done.versions).toEqual([
    { model: 'credit', from: 1, to: 2, known: false },
    { model: 'credit', from: 2, to: 3, known: false },
    { model: '모형', from: 1, to: 1, known: false },
    { model: '모형', from: 2, to: 2, known: false },
  ]);
  expect(done.left_out).toEqual(['history', 'aliases', 'marks', 'holdout ledger']);
  expect([served(target, 'credit'), served(target, '모형')]).toEqual([1, undefined]);
  expect((await promote(target, 3)).to_version).toBe(3);
  expect(await imported(target, path)).toMatchObject({ runs: { imported: 0, known: 4 } });
  expect((await addVersion(target, 'credit', 0.1)).version).toBe(4);
});

test('a run that is here with other content is named, and nothing comes in; marks of the trash are no other content', async () => {
  const [source, target] = [await fullStore(), await emptyStore()];
  const { path } = await exported(source, { all: true });
  const [first] = await source.db.selectFrom('runs').select('run_id').orderBy('sequence').execute();
  const { path: part } = await exported(source, { runs: [first.run_id] });
  await imported(target, part);
  const mark = (values: object) =>
    target.write((t) => t.updateTable('runs').set(values).where('run_id', '=', first.run_id).execute());
  await mark({ protected_at: '2026-03-01T12:00:00.000Z' });
  expect((await imported(target, part)).runs).toEqual({ imported: 0, known: 2 });
  await mark({ note: 'another' });
  const before = await rowsOf(target);
  await expect(imported(target, path)).rejects.toMatchObject({
    code: 'IMPORT_CONFLICT',
    message: expect.stringContaining(first.run_id),
  });
  expect(await rowsOf(target)).toEqual(before);
});

test('a file that is gone or changed is named and left out; all the rest comes out and in', async () => {
  const store = await fullStore();
  const files = await store.db
    .selectFrom('artifacts')
    .select(['blob'])
    .where('path', 'like', '%.svg')
    .execute();
  rmSync(store.blobs.path(files[0].blob));
  writeFileSync(store.blobs.path(files[1].blob), 'changed');
  const { path, missing } = await exported(store, { all: true });
  expect(missing.sort()).toEqual([files[0].blob, files[1].blob].sort());
  const copy = await emptyStore();
  expect(await imported(copy, path)).toMatchObject({ runs: { imported: 4 }, missing: 2 });
  const again = await exported(copy, { all: true });
  expect(readFileSync(again.path).equals(readFileSync(path))).toBe(true);
});

test('two versions of one run and learner keep both files', async () => {
  const [source, target] = [await emptyStore(), await emptyStore()];
  const run = await addVersion(source, 'credit', 0.25);
  const other = await addVersion(source, 'credit', 0.5);
  await registerVersion(source, {
    model: 'credit',
    runId: run.run_id,
    learner: 'dummy',
    path: other.path,
    sha256: other.sha256,
    contentSha256: other.content_sha256,
    bytes: other.bytes,
    metrics: {},
  });
  await imported(target, (await exported(source, { all: true })).path);
  for (const { path, sha256 } of await target.db.selectFrom('versions').select(['path', 'sha256']).execute())
    await readModelFile(target.blobs.path(path), { sha256 });
});

test('a backup of the whole store, made while artifacts are added, is well elsewhere and predicts the same', async () => {
  const store = await fullStore();
  const backup = join(temporaryFolder(), 'store.tar.gz');
  let busy = true;
  const adding = (async () => {
    // The files and the database are written without a turn of the event loop.
    for (let i = 0; busy && i < 40; i++, await nextTurn())
      await addArtifact(store, await addRun(store), 'a.txt', `artifact ${i}`, 'text');
  })();
  const made = await backUpStore(store.places, backup);
  busy = false;
  await adding;
  expect(made.missing).toEqual([]);
  const places = placesIn(temporaryFolder());
  const restored = await restoreStore(places, backup);
  expect(restored).toMatchObject({ kept: null, pointer_written: true });
  const { ok, findings } = await runDoctor({ places });
  expect({ ok, findings: findings.filter(({ severity }) => severity === 'error') }).toEqual({
    ok: true,
    findings: [],
  });
  for (const [name, entry] of Object.entries(readPointer(places.currentModel)?.models ?? {})) {
    const [here, there] = [store.places, places].map(({ artifacts }) =>
      readModelFile(join(artifacts, entry.path), entry),
    );
    const cells = new Float64Array([0.1, 0.9]);
    expect([name, (await there).predictCells(cells, 2)]).toEqual([name, (await here).predictCells(cells, 2)]);
  }
  expect(readdirSync(dirname(places.database)).filter((name) => name.includes('tmp'))).toEqual([]);
});
