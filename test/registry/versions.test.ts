import { expect, test } from 'vitest';
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
