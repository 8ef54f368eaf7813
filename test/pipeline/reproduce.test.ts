import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { learners } from '../../src/models/all.js';
import { type ReproduceOptions, reproduceRun } from '../../src/pipeline/reproduce.js';
import { trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { listVersions, registerVersion } from '../../src/registry/versions.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { listRuns } from '../../src/tracking/read-runs.js';
import { startRun } from '../../src/tracking/runs.js';
import { sha256 } from '../../src/util/files.js';
import { writeCredit } from '../support/credit.js';
import { writeLoans } from '../support/loans.js';
import { filesIn } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

async function project() {
  const folder = temporaryFolder();
  const store = await openStoreIn(folder);
  const train = async (change: Partial<TrainPlan>) => {
    const { summary } = await trainModel(store, planFor(folder, change), { root: folder });
    return summary.run_id;
  };
  const reproduce = (run: string, options: Partial<ReproduceOptions> = {}) =>
    reproduceRun(store, run, { root: folder, ...options });
  return { folder, store, train, reproduce };
}

const SMALL: Record<string, Record<string, number>> = {
  'random-forest': { trees: 6 },
  'gradient-boosting': { trees: 6 },
  'isolation-forest': { trees: 6 },
  lstm: { hidden: 4, window: 3, epochs: 2 },
};
const TARGETS = { binary: 'class', multiclass: 'EDUCATION', regression: 'BILL_AMT1' };
const cases = learners
  // What was imported was trained elsewhere, and cannot be trained again here.
  .filter(({ name }) => name !== 'imported-trees')
  .flatMap(({ name, engine, tasks }) => tasks.map((task) => ({ learner: name, engine, task })));

test.each(cases)(
  '$learner by $engine, $task: comes out again bit for bit, with other threads',
  async ({ learner, engine, task }) => {
    const { folder, train, reproduce } = await project();
    const data = writeCredit(folder, engine === 'riskops' ? 400 : 120);
    const order = learner === 'lstm' ? { time: 'ID', keep: [] } : { keep: ['ID'] };
    const fit = { learner, engine, hyper: SMALL[learner] ?? {}, seed: 11, threads: 1 };
    const run = await train({ data, target: TARGETS[task], task, ...fit, drop: ['SEX'], ...order });
    const result = await reproduce(run, { threads: 2 });
    expect(result).toMatchObject({ identical: true, learner, engine, reasons: [], notes: [] });
    expect(result.content_sha256.same).toBe(true);
    expect(result.metrics.compared).toBeGreaterThan(3);
    expect(result.data).toEqual([{ path: 'credit.csv', sha256: sha256(readFileSync(data)) }]);
  },
);

test('the project is only read, and the temporary store is gone', async () => {
  const { folder, store, train, reproduce } = await project();
  writeLoans(folder);
  const run = await train({});
  const scratch = temporaryFolder();
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, scratch);
  onTestFinished(() => void vi.unstubAllEnvs());
  const files = filesIn(folder);
  const seen = new Set<string>();
  await reproduce(run, { onProgress: () => readdirSync(scratch).forEach((name) => void seen.add(name)) });
  expect([...seen]).toEqual([expect.stringMatching(/^riskops-reproduce-/)]);
  expect(readdirSync(scratch)).toEqual([]);
  expect(filesIn(folder)).toEqual(files);
  expect((await listRuns(store)).total).toBe(1);
});

test('a byte of the data that changed is named, with both hashes, before anything is trained', async () => {
  const { folder, train, reproduce } = await project();
  writeLoans(folder);
  const run = await train({});
  const path = join(folder, 'loans.csv');
  const bytes = readFileSync(path);
  const was = sha256(bytes);
  bytes[bytes.length - 2] ^= 1;
  writeFileSync(path, bytes);
  const seen: string[] = [];
  const refused = reproduce(run, { onProgress: (text) => seen.push(text) });
  await expect(refused).rejects.toMatchObject({
    code: 'DATA_CHANGED',
    exitCode: 65,
    message: expect.stringContaining(path),
    why: `Its SHA-256 is ${sha256(bytes)}, and the run recorded ${was}.`,
    fix: `riskops reproduce ${run.slice(0, 8)} --data FILE, with the file as it was then`,
  });
  expect(seen).toEqual([]);
});

test('data that was moved is named with --data, and data that is gone is asked for', async () => {
  const { folder, train, reproduce } = await project();
  writeLoans(folder);
  const run = await train({});
  const moved = join(folder, 'archive', 'then.csv');
  mkdirSync(join(folder, 'archive'));
  renameSync(join(folder, 'loans.csv'), moved);
  const gone = { code: 'DATA_FILE_NOT_FOUND', exitCode: 4, fix: expect.stringContaining('--data FILE') };
  await expect(reproduce(run)).rejects.toMatchObject(gone);
  await expect(reproduce(run, { data: folder })).rejects.toMatchObject(gone);
  expect(await reproduce(run, { data: moved })).toMatchObject({ identical: true });
  rmSync(moved);
  await expect(reproduce(run)).rejects.toMatchObject(gone);
});

test('both files of a file: split are proved', async () => {
  const { folder, train, reproduce } = await project();
  writeLoans(folder);
  writeLoans(folder, 'later.csv', 200, 8);
  const later = join(folder, 'later.csv');
  const run = await train({ split: `file:${later}` });
  const result = await reproduce(run);
  expect(result).toMatchObject({ identical: true });
  expect(result.data.map(({ path }) => path)).toEqual(['loans.csv', 'later.csv']);
  renameSync(later, join(folder, 'elsewhere.csv'));
  expect(await reproduce(run, { testData: join(folder, 'elsewhere.csv') })).toMatchObject({
    identical: true,
  });
  writeLoans(folder, 'later.csv', 200, 9);
  await expect(reproduce(run)).rejects.toMatchObject({
    code: 'DATA_CHANGED',
    message: expect.stringContaining('later.csv'),
    fix: expect.stringContaining('--test-data FILE'),
  });
});

test('choices that decide the result are recorded: positive class, schema, options, columns', async () => {
  const { folder, train, reproduce } = await project();
  writeLoans(folder);
  const schema = join(folder, 'types.json');
  const columns = [{ name: 'age', type: 'category' }];
  writeFileSync(schema, JSON.stringify({ columns, missing: ['NA', '제주'] }));
  const run = await train({ positive: '0', schema, hyper: { c: 0.1 }, keep: ['age'], split: 'every:7:3' });
  rmSync(schema);
  expect(await reproduce(run)).toMatchObject({ identical: true });
});

test('what is not the same is told: the metric, its step, by how much, and the likely reason', async () => {
  const { folder, store, train, reproduce } = await project();
  writeLoans(folder);
  const run = await train({ learner: 'gradient-boosting', hyper: { trees: 4 } });
  // A record that says something else than what was trained.
  await store.write(async (transaction) => {
    const { metric } = await transaction
      .selectFrom('metrics')
      .select('metric')
      .where('key', '=', 'train_loss')
      .executeTakeFirstOrThrow();
    const point = transaction.updateTable('metric_points').where('metric', '=', metric).where('step', '=', 2);
    await point.set({ value: 0.5 }).execute();
  });
  const result = await reproduce(run);
  expect(result).toMatchObject({ identical: false, content_sha256: { same: true } });
  expect(result.metrics.different).toEqual([
    { metric: 'train_loss', step: 2, recorded: 0.5, reproduced: expect.any(Number) },
  ]);
  expect(result.reasons).toEqual([expect.stringContaining('Nothing on record says why')]);

  const [version] = await listVersions(store, 'loans');
  const { model, learner, path, sha256: hash, bytes, metrics } = version;
  const other = { model, learner, path, sha256: hash, bytes, metrics, contentSha256: '0'.repeat(64) };
  await registerVersion(store, { ...other, runId: run });
  expect((await reproduce(run)).content_sha256).toMatchObject({ recorded: '0'.repeat(64), same: false });
});

test('a run that is no training, or did not finish, is refused in words', async () => {
  const { folder, store, train, reproduce } = await project();
  writeLoans(folder);
  const script = await startRun(store, { kind: 'script', cwd: folder });
  await script.end();
  await expect(reproduce(script.id)).rejects.toMatchObject({
    code: 'RUN_NOT_REPRODUCIBLE',
    exitCode: 2,
    message: expect.stringMatching(/is no training/),
  });
  const failed = await startRun(store, { kind: 'train', model: 'loans', cwd: folder });
  await failed.fail(new Error('out of luck'));
  await expect(reproduce(failed.id)).rejects.toMatchObject({
    message: expect.stringMatching(/did not finish/),
    why: expect.stringContaining('out of luck'),
  });
  const run = await train({});
  await store.write((transaction) =>
    transaction.deleteFrom('artifacts').where('path', '=', 'schema.json').execute(),
  );
  await expect(reproduce(run)).rejects.toMatchObject({ why: 'Of its records, it keeps no schema.json.' });
  await expect(reproduce('ffff')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
});

test('a run from before there was a training record is reproduced from its parameters', async () => {
  const { folder, store, train, reproduce } = await project();
  writeLoans(folder);
  const run = await train({ learner: 'random-forest', hyper: { trees: 4, max_depth: 3 } });
  await store.write((transaction) =>
    transaction.deleteFrom('artifacts').where('path', '=', 'training.json').execute(),
  );
  expect(await reproduce(run)).toMatchObject({ identical: true, content_sha256: { same: true } });
});

test('a folder of files is proved as a whole, and so is what a query gave', async () => {
  const { folder, train, reproduce } = await project();
  const [header, ...rows] = readFileSync(writeCredit(folder, 400), 'utf8').trimEnd().split('\n');
  const days = join(folder, 'days');
  mkdirSync(days);
  for (const part of [0, 1])
    writeFileSync(
      join(days, `${part}.csv`),
      `${[header, ...rows.slice(part * 200, part * 200 + 200)].join('\n')}\n`,
    );
  const database = join(folder, 'credit.db');
  const db = openConnection(database);
  db.exec(`create table credit (a real, b real, class integer)`);
  const insert = db.prepare('insert into credit values (?, ?, ?)');
  for (let i = 0; i < 300; i++) insert.run(Math.sin(i * i), Math.cos(i), Number(Math.sin(i * i) > 0.3));
  db.prepare('update credit set class = 1 - class where rowid % 9 = 0').run();
  const fromFolder = await train({ data: days, target: 'class' });
  const fromQuery = await train({ data: `sqlite:${database}#SELECT * FROM credit`, target: 'class' });
  for (const run of [fromFolder, fromQuery]) expect(await reproduce(run)).toMatchObject({ identical: true });
  writeFileSync(join(days, '1.csv'), `${[header, ...rows.slice(200, 399)].join('\n')}\n`);
  db.prepare('update credit set a = 0 where rowid = 7').run();
  db.close();
  for (const run of [fromFolder, fromQuery])
    await expect(reproduce(run)).rejects.toMatchObject({ code: 'DATA_CHANGED' });
});
