import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { approveVersion } from '../../src/registry/approvals.js';
import { deleteVersions, protectVersion, restoreVersions } from '../../src/registry/deletion.js';
import { retireModel } from '../../src/registry/retire.js';
import { setAlias } from '../../src/registry/set-alias.js';
import { findVersion, listVersions } from '../../src/registry/versions.js';
import type { Store } from '../../src/storage/store.js';
import { deleteRuns, protectRuns, restoreRuns } from '../../src/tracking/deletion.js';
import { processStarted, thisMachine } from '../../src/tracking/process-identity.js';
import { runRow } from '../storage/rows.js';
import { addRun, addVersion, failure, openTestStore, promote } from './support/registry-store.js';

const MODEL = 'credit';
const who = { actor: 'min', reason: 'a test' };

/** A version 1 of a model of its own, and the run that made it. */
interface Subject {
  model: string;
  version: 1;
  runId: string;
}

/** Every state that a version can be in, and how it gets there. */
const states: Record<string, (store: Store, subject: Subject) => Promise<unknown>> = {
  candidate: async () => undefined,
  current: (store, { model }) => promote(store, 1, model),
  'was current': async (store, { model }) => {
    await addVersion(store, model);
    await promote(store, 1, model);
    await promote(store, 2, model);
  },
  retired: async (store, { model }) => {
    await promote(store, 1, model);
    await retireModel(store, { model, ...who });
  },
  approved: (store, { model, version }) => approveVersion(store, { model, version, ...who }),
  aliased: (store, { model, version }) => setAlias(store, { model, version, alias: 'eu', actor: 'min' }),
  protected: (store, subject) => protectVersion(store, subject),
  'in the trash': (store, subject) => deleteVersions(store, subject),
  'in the trash with its run': (store, { runId }) => deleteRuns(store, [runId]),
  'with a protected run': (store, { runId }) => protectRuns(store, [runId]),
};

/** What each operation answers in each state: whether it changed something, or the code of its refusal. */
const IN_USE = { version: 'VERSION_IN_USE', run: 'RUN_IN_USE' };
const expected: Record<string, Record<string, boolean | string>> = Object.fromEntries(
  Object.keys(states).map((state) => {
    const isKept = ['current', 'was current', 'retired', 'approved', 'aliased', 'protected'].includes(state);
    const inTrash = state.startsWith('in the trash');
    const withRun = state === 'in the trash with its run';
    return [
      state,
      {
        'models delete': isKept ? IN_USE.version : !inTrash,
        'models restore': inTrash,
        'models protect': inTrash ? 'VERSION_NOT_FOUND' : state !== 'protected',
        'models protect --off': inTrash ? 'VERSION_NOT_FOUND' : state === 'protected',
        'runs delete': isKept || state === 'with a protected run' ? IN_USE.run : !withRun,
        'runs restore': withRun,
        'runs protect': withRun ? 'RUN_NOT_FOUND' : state !== 'with a protected run',
        'runs protect --off': withRun ? 'RUN_NOT_FOUND' : state === 'with a protected run',
      },
    ];
  }),
);

type Changes = { changed: boolean } | { changed: boolean }[];
const operations: Record<string, (store: Store, subject: Subject) => Promise<Changes>> = {
  'models delete': deleteVersions,
  'models restore': restoreVersions,
  'models protect': (store, subject) => protectVersion(store, subject),
  'models protect --off': (store, subject) => protectVersion(store, subject, { off: true }),
  'runs delete': (store, { runId }) => deleteRuns(store, [runId]),
  'runs restore': (store, { runId }) => restoreRuns(store, [runId]),
  'runs protect': (store, { runId }) => protectRuns(store, [runId]),
  'runs protect --off': (store, { runId }) => protectRuns(store, [runId], { off: true }),
};

const marks = async (store: Store) => ({
  runs: await store.db.selectFrom('runs').select(['run_id', 'deleted_at', 'protected_at']).execute(),
  versions: await store.db.selectFrom('version_marks').selectAll().execute(),
});

test.each(Object.keys(states))('every operation on a version that is: %s', async (state) => {
  const store = await openTestStore();
  const answers: Record<string, boolean | string> = {};
  for (const [i, [name, operation]] of Object.entries(operations).entries()) {
    const model = `model-${i}`;
    const { run_id } = await addVersion(store, model);
    const subject: Subject = { model, version: 1, runId: run_id };
    await states[state](store, subject);
    const before = await marks(store);
    const answer = await operation(store, subject).catch((error: { code: string }) => error.code);
    answers[name] = typeof answer === 'string' ? answer : [answer].flat()[0].changed;
    // A refusal, and an operation that changed nothing, left everything as it was; the same again is done already.
    if (answers[name] !== true) expect(await marks(store)).toEqual(before);
    else expect([await operation(store, subject)].flat()[0].changed).toBe(false);
    // A version that is there never has a run that is not.
    const { runs, versions } = await marks(store);
    const mark = versions.find((row) => row.model === model && row.version === 1);
    if (runs.find((row) => row.run_id === run_id)?.deleted_at) expect(mark?.deleted_at).toBeTruthy();
  }
  expect(answers).toEqual(expected[state]);
});

test('the refusal says what the version is, that no flag forces it, and a command that shows why', async () => {
  const store = await openTestStore();
  const { run_id } = await addVersion(store);
  await promote(store, 1);
  const version = await failure(deleteVersions(store, { model: MODEL, version: 1 }));
  expect(version).toMatchObject({ code: 'VERSION_IN_USE', exitCode: 2 });
  expect(version.text).toBe(
    'Version 1 of credit cannot be deleted.\nIt is current; what a served model stands on is kept for the audit, and no flag forces it away.\nriskops history credit',
  );
  const run = await failure(deleteRuns(store, [run_id]));
  expect(run).toMatchObject({ code: 'RUN_IN_USE', exitCode: 2 });
  expect(run.text).toContain('it made version 1 of credit, which is current; what a served model');
});

test('of several runs or versions all are deleted, or none', async () => {
  const store = await openTestStore();
  const [free, used] = [await addVersion(store), await addVersion(store)];
  await promote(store, 2);
  expect((await failure(deleteRuns(store, [free.run_id, used.run_id]))).code).toBe('RUN_IN_USE');
  expect((await failure(deleteVersions(store, { model: MODEL }))).code).toBe('VERSION_IN_USE');
  expect((await marks(store)).runs.every((run) => run.deleted_at === null)).toBe(true);
  expect((await marks(store)).versions).toEqual([]);
});

test('what went to the trash together comes back together, and nothing else does', async () => {
  const store = await openTestStore();
  const [a, b] = [await addVersion(store), await addVersion(store)];
  await deleteVersions(store, { model: MODEL, version: 2 });
  // Two moments of the trash, also on a coarse clock.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await deleteRuns(store, [a.run_id, b.run_id]);
  await restoreRuns(store, [a.run_id, b.run_id]);
  expect((await listVersions(store, MODEL)).map(({ version }) => version)).toEqual([1]);
  await deleteRuns(store, [b.run_id]);
  expect(await restoreVersions(store, { model: MODEL })).toMatchObject([
    { version: 1, changed: false },
    { version: 2, changed: true },
  ]);
  expect((await marks(store)).runs.every((run) => run.deleted_at === null)).toBe(true);
});

test('a model with a deleted version can be deleted, and so can a run with a deleted child or version', async () => {
  const store = await openTestStore();
  const { run_id } = await addVersion(store);
  await addVersion(store);
  await deleteVersions(store, { model: MODEL, version: 1 });
  expect(await deleteVersions(store, { model: MODEL })).toMatchObject([
    { version: 1, changed: false },
    { version: 2, changed: true },
  ]);
  const child = await addRun(store, 'fold');
  await store.write((t) =>
    t.updateTable('runs').set({ parent_run_id: run_id }).where('run_id', '=', child).execute(),
  );
  await deleteRuns(store, [child]);
  await deleteRuns(store, [run_id]);
  const rows = await store.db.selectFrom('runs').select(['run_id', 'parent_run_id']).execute();
  expect(rows.find((row) => row.run_id === child)?.parent_run_id).toBe(run_id);
});

test("a deleted version is nobody's candidate, its number is not used again, and training goes on", async () => {
  const store = await openTestStore();
  await addVersion(store);
  await addVersion(store);
  await deleteVersions(store, { model: MODEL });
  expect((await failure(findVersion(store, MODEL, { version: 2 }))).code).toBe('VERSION_NOT_FOUND');
  expect((await addVersion(store)).version).toBe(3);
  expect((await findVersion(store, MODEL)).version).toBe(3);
});

test('a run that goes on cannot be deleted; one whose process is gone can', async () => {
  const store = await openTestStore();
  const [alive, lost] = ['a'.repeat(32), 'b'.repeat(32)];
  const { host, bootId } = thisMachine();
  const life = {
    host,
    boot_id: bootId,
    pid: process.pid,
    process_started: processStarted(process.pid) ?? '',
  };
  await store.write(async (t) => {
    await t
      .insertInto('runs')
      .values({ ...runRow(alive), ...life })
      .execute();
    await t
      .insertInto('runs')
      .values({ ...runRow(lost), ...life, boot_id: 'another' })
      .execute();
  });
  expect((await failure(deleteRuns(store, [alive]))).text).toContain('is being recorded right now');
  expect(await deleteRuns(store, [lost])).toMatchObject([{ changed: true }]);
});

test('_latest.json names the newest run that is not in the trash, and is gone without one', async () => {
  const store = await openTestStore();
  const [older, newer] = [await addRun(store), await addRun(store)];
  const latest = () =>
    JSON.parse(readFileSync(store.blobs.path('runs/_latest.json'), 'utf8')).run_id as string;
  await deleteRuns(store, [newer]);
  expect(latest()).toBe(older);
  await deleteRuns(store, [older]);
  expect(store.blobs.size('runs/_latest.json')).toBeUndefined();
  await restoreRuns(store, [newer.slice(0, 8)]);
  expect(latest()).toBe(newer);
});

test('what is not there is said as such', async () => {
  const store = await openTestStore();
  await addVersion(store);
  expect(await failure(deleteVersions(store, { model: 'kredit' }))).toMatchObject({
    code: 'MODEL_NOT_FOUND',
  });
  expect(await failure(deleteVersions(store, { model: MODEL, version: 7 }))).toMatchObject({
    code: 'VERSION_NOT_FOUND',
    exitCode: 4,
  });
  expect(await failure(deleteRuns(store, ['zzz']))).toMatchObject({ code: 'RUN_NOT_FOUND' });
});
