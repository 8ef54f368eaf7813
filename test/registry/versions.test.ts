import { expect, test } from 'vitest';
import { chooseModel, getModel, listModels } from '../../src/registry/models.js';
import { promoteVersion } from '../../src/registry/promote.js';
import {
  findVersion,
  getVersion,
  latestCandidate,
  listVersions,
  registerVersion,
  versionOfRun,
} from '../../src/registry/versions.js';
import {
  addRun,
  addVersion,
  addVersions,
  failure,
  openTestStore,
  promote,
  served,
} from './support/registry-store.js';

const file = {
  learner: 'dummy',
  path: 'models/credit/candidates/x.safetensors',
  sha256: 'a'.repeat(64),
  contentSha256: 'b'.repeat(64),
  bytes: 1,
};

test('versions count up for each model, also when many are registered at once', async () => {
  const store = await openTestStore();
  const runId = await addRun(store);
  const register = (model: string) => registerVersion(store, { ...file, model, runId, metrics: {} });
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, i) => register(i % 3 === 0 ? 'macro' : 'credit')),
  );
  const numbers = (model: string) =>
    made
      .filter((it) => it.model === model)
      .map((it) => it.version)
      .sort((a, b) => a - b);
  expect(numbers('credit')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(numbers('macro')).toEqual([1, 2, 3, 4]);
  expect((await listVersions(store, 'credit')).map(({ version }) => version)).toEqual([
    8, 7, 6, 5, 4, 3, 2, 1,
  ]);
});

test('metrics come back as they were, special numbers too', async () => {
  const store = await openTestStore();
  const metrics = {
    auc: 0.1 + 0.2,
    ks: Number.NaN,
    logLoss: Number.POSITIVE_INFINITY,
    zero: -0,
    tiny: 5e-324,
  };
  const made = await registerVersion(store, {
    ...file,
    model: 'credit',
    runId: await addRun(store),
    metrics,
  });
  expect(await getVersion(store, 'credit', 1)).toEqual(made);
  expect(Object.is((await getVersion(store, 'credit', 1)).metrics['zero'], -0)).toBe(true);
});

test('a stage is told from the promotions', async () => {
  const store = await openTestStore();
  await addVersions(store, 3);
  await promote(store, 1);
  await promote(store, 2);
  const stages = (await listVersions(store, 'credit')).map(({ version, stage }) => `${version} ${stage}`);
  expect(stages).toEqual(['3 candidate', '2 current', '1 previous']);
});

test('the latest candidate is the newest version, unless it was promoted', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  expect(await latestCandidate(store, 'credit')).toMatchObject({ model: 'credit', version: 2 });
  await promote(store, 2);
  expect(await failure(latestCandidate(store, 'credit'))).toMatchObject({
    code: 'NO_CANDIDATE',
    text: expect.stringMatching(/newest version, 2, is current already[\s\S]*riskops train --model credit/),
  });
  await promote(store, 1);
  expect(await failure(latestCandidate(store, 'credit'))).toMatchObject({
    code: 'NO_CANDIDATE',
    text: expect.stringMatching(/2, was current before/),
  });
});

test('a version is found by number, by run, or by the beginning of the run', async () => {
  const store = await openTestStore();
  const [first] = await addVersions(store, 2);
  const untrained = await addRun(store, 'demo');
  expect(await findVersion(store, 'credit', { version: '1' })).toEqual(first);
  expect(await findVersion(store, 'credit', { run: first.run_id.slice(0, 12) })).toEqual(first);
  expect(await findVersion(store, 'credit')).toMatchObject({ version: 2 });
  expect(await versionOfRun(store, first.run_id.toUpperCase())).toEqual(first);

  await addVersion(store, 'macro');
  const code = async (work: Promise<unknown>) => (await failure(work)).code;
  expect(await code(findVersion(store, 'credit', { version: 7 }))).toBe('VERSION_NOT_FOUND');
  expect(await code(findVersion(store, 'credit', { version: '1; --' }))).toBe('OPTION_INVALID');
  expect(await code(findVersion(store, 'macro', { run: first.run_id }))).toBe('VERSION_NOT_FOUND');
  expect(await code(versionOfRun(store, ''))).toBe('RUN_NOT_FOUND');
  expect(await code(versionOfRun(store, '%'))).toBe('RUN_NOT_FOUND');
  expect(await code(versionOfRun(store, untrained))).toBe('NO_CANDIDATE');
});

test('the beginning of a run id means the one run that begins so', async () => {
  const store = await openTestStore();
  await addRun(store, 'demo', `abcf${'0'.repeat(28)}`);
  await addRun(store, 'demo', `abd${'f'.repeat(29)}`);
  const code = async (prefix: string) => (await failure(versionOfRun(store, prefix))).code;
  expect(await code('ab')).toBe('RUN_AMBIGUOUS');
  expect(await code('abc')).toBe('NO_CANDIDATE');
  expect(await code('abd')).toBe('NO_CANDIDATE');
  expect(await code('abe')).toBe('RUN_NOT_FOUND');
});

test('what cannot be a version is refused, and nothing is left of it', async () => {
  const store = await openTestStore();
  const runId = await addRun(store);
  const register = (change: object) =>
    failure(registerVersion(store, { ...file, model: 'credit', runId, metrics: {}, ...change }));
  expect((await register({ path: '../outside' })).code).toBe('ARTIFACT_KEY_INVALID');
  expect((await register({ path: '/etc/passwd' })).code).toBe('ARTIFACT_KEY_INVALID');
  expect((await register({ sha256: 'no' })).code).toBe('OPTION_INVALID');
  expect((await register({ model: '__proto__' })).code).toBe('OPTION_INVALID');
  expect((await register({ runId: 'f'.repeat(32) })).code).toBe('RUN_NOT_FOUND');
  expect((await failure(listVersions(store, 'credit'))).code).toBe('MODEL_NOT_FOUND');
});

test('a version in the trash is not listed, found, meant by "latest" or promoted, and its number is not used again', async () => {
  const store = await openTestStore();
  await addVersions(store, 3);
  const mark = (version: number, deleted_at: string | null) =>
    store.write((transaction) =>
      transaction
        .insertInto('version_marks')
        .values({ model: 'credit', version, deleted_at, protected_at: '2026-03-01T00:00:00.000Z' })
        .onConflict((conflict) => conflict.columns(['model', 'version']).doUpdateSet({ deleted_at }))
        .execute(),
    );
  await mark(3, '2026-03-02T00:00:00.000Z');
  expect((await listVersions(store, 'credit')).map(({ version }) => version)).toEqual([2, 1]);
  expect((await latestCandidate(store, 'credit')).version).toBe(2);
  for (const work of [
    getVersion(store, 'credit', 3),
    findVersion(store, 'credit', { version: 3 }),
    promote(store, 3),
  ])
    expect(await failure(work)).toMatchObject({
      code: 'VERSION_NOT_FOUND',
      text: expect.stringMatching(/in the trash[\s\S]*2026-03-02/),
    });
  expect(await getModel(store, 'credit')).toMatchObject({ versions: 2, latest: 2 });
  expect((await addVersion(store)).version).toBe(4);
  await mark(3, null);
  expect(await getVersion(store, 'credit', 3)).toMatchObject({ protected: true, deleted_at: null });
  expect((await getVersion(store, 'credit', 2)).protected).toBe(false);
  await store.write((transaction) => transaction.deleteFrom('versions').where('version', '=', 4).execute());
  expect((await addVersion(store)).version).toBe(5);
});

test('a version that goes to the trash while it is promoted does not become current', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  await promote(store, 1);
  const verifyFile = async () => {
    await store.write((transaction) =>
      transaction
        .insertInto('version_marks')
        .values({ model: 'credit', version: 2, deleted_at: '2026-03-02T00:00:00.000Z', protected_at: null })
        .execute(),
    );
  };
  const attempt = promoteVersion(store, {
    ...{
      model: 'credit',
      version: 2,
      expectedCurrent: 1,
      actor: 'min',
      reason: '',
      verdict: 'promote' as const,
    },
    gateReportSha256: null,
    verifyFile,
  });
  expect((await failure(attempt)).code).toBe('VERSION_NOT_FOUND');
  expect(served(store)).toBe(1);
});

test('a model whose versions are all in the trash is not in the way of the others', async () => {
  const store = await openTestStore();
  await addVersions(store, 1);
  await addVersions(store, 1, 'typo');
  await store.write((transaction) =>
    transaction
      .insertInto('version_marks')
      .values({ model: 'typo', version: 1, deleted_at: '2026-03-02T00:00:00.000Z', protected_at: null })
      .execute(),
  );
  expect((await listModels(store)).map(({ name }) => name)).toEqual(['credit']);
  expect(await chooseModel(store)).toBe('credit');
});
