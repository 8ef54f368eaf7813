import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sandboxEnvironment } from '../../../src/config.js';
import { listBackups } from '../../../src/storage/backup/backup-files.js';
import { openStore } from '../../../src/storage/open-store.js';
import { packageRoot } from '../../../src/util/package.js';
import { placesIn } from '../../storage/rows.js';
import { type Ended, runToEnd } from './run-to-end.js';
import { findSound } from './sound-store.js';

/** What a project says of itself; a fault must leave readable what was there before. */
export interface ProjectRecord {
  /** Newest first. */
  runs: string[];
  /** Points and parameters of all runs. */
  logged: number;
  versions: number[];
  /** Promotions and rollbacks, newest first. */
  history: string[];
  current: number | null;
  backups: string[];
}

/** A command that changes something, and whether the record shows that it did. */
export interface Change {
  words(before: ProjectRecord): string[];
  isDone(before: ProjectRecord, after: ProjectRecord): boolean;
}

const TRAIN = ['train', '--data', 'loans.csv', '--target', 'default', '--learner', 'logistic', '--seed', '5'];

/** Commands that change a project of three versions, of which 3 was current and 1 is. */
export const changes = {
  train: {
    words: () => TRAIN,
    isDone: (before, after) => after.versions.length === before.versions.length + 1,
  },
  promote: {
    words: () => ['promote', '--version', '2', '--force', '--reason', 'fault test'],
    isDone: (_, after) => after.current === 2,
  },
  rollback: { words: () => ['rollback', '--to', '3'], isDone: (_, after) => after.current === 3 },
  retire: { words: () => ['retire', '--reason', 'fault test'], isDone: (_, after) => after.current === null },
  'runs log': {
    words: ({ runs }) => ['runs', 'log', runs[0].split(' ')[0], '--metric', 'loss=0.5', '--param', 'depth=3'],
    isDone: (before, after) => after.logged === before.logged + 2,
  },
  backup: {
    words: () => ['backup'],
    isDone: (before, after) => after.backups.length === before.backups.length + 1,
  },
} satisfies Record<string, Change>;

export const commands = Object.entries(changes) as [keyof typeof changes, Change][];

/** The record as it is read from the store. */
export async function readRecord(folder: string): Promise<ProjectRecord> {
  const places = placesIn(folder);
  const store = await openStore(places, { mode: 'read' });
  try {
    const { db } = store;
    const count = async (table: 'metric_points' | 'params') => {
      const counted = db.selectFrom(table).select((e) => e.fn.countAll<number>().as('n'));
      return (await counted.executeTakeFirstOrThrow()).n;
    };
    const runs = await db
      .selectFrom('runs')
      .select(['run_id', 'status'])
      .orderBy('sequence', 'desc')
      .execute();
    const versions = await db.selectFrom('versions').select('version').orderBy('version').execute();
    const promotions = db.selectFrom('promotions').select('promotion_id').orderBy('sequence', 'desc');
    const current = await db.selectFrom('current_versions').select('version').executeTakeFirst();
    return {
      runs: runs.map(({ run_id, status }) => `${run_id} ${status}`),
      logged: (await count('metric_points')) + (await count('params')),
      versions: versions.map(({ version }) => version),
      history: (await promotions.execute()).map(({ promotion_id }) => promotion_id),
      current: current?.version ?? null,
      backups: listBackups(places.database).map(({ path }) => path),
    };
  } finally {
    await store.close();
  }
}

/** What a reader leaves beside the database: without it a command begins as on a store that was closed well. */
function removeEmptyLog(folder: string): void {
  const { database } = placesIn(folder);
  assert.equal(statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0, 0);
  for (const end of ['-wal', '-shm']) rmSync(database + end, { force: true });
}

/** Runs `riskops <words> --json` in `folder`, started by `wrapper`: a program with its flags that gets the rest as arguments. */
export function runUnder(
  wrapper: readonly string[],
  folder: string,
  words: readonly string[],
): Promise<Ended> {
  const binary = join(packageRoot(), 'bin', 'riskops.js');
  const [program, ...rest] = [...wrapper, process.execPath, binary, ...words, '--json'];
  return runToEnd(program, rest, folder, sandboxEnvironment());
}

/** How a command ended under a fault. */
export interface FaultEnd {
  end: 'done' | 'refused';
  /** The version that current.json named before anything was mended. */
  served: number | null;
}

/**
 * Runs a command under a fault. It must end with 0 and its change on record and in the pointer, or with 74 or 75 and one clear
 * error; what was on record before stays; and what is left when the fault is `over` is sound.
 */
export async function expectHonest(
  folder: string,
  change: Change,
  wrapper: readonly string[],
  over: () => void = () => {},
): Promise<FaultEnd> {
  const before = await readRecord(folder);
  removeEmptyLog(folder);
  const ended = await runUnder(wrapper, folder, change.words(before));
  const after = await readRecord(folder);
  expectKept(before, after);
  const served = servedVersion(folder);
  if (ended.exitCode === 0) {
    assert.ok(change.isDone(before, after), 'exit code 0, and the change is not on record');
    assert.equal(served, after.current);
  } else {
    expectClear(ended);
    assert.ok(served === before.current || served === after.current, `version ${served} is served`);
  }
  over();
  await findSound(folder);
  return { end: ended.exitCode === 0 ? 'done' : 'refused', served };
}

/** The error of a fault: exit code 74 or 75, one JSON document, one error of up to three lines, no stack. */
export function expectClear({ exitCode, stdout, stderr }: Ended): void {
  assert.ok([74, 75].includes(exitCode), `exit code ${exitCode}: ${stderr}`);
  const { ok, error } = JSON.parse(stdout);
  assert.equal(ok, false);
  assert.match(error.code, /^STORE_(IO|BUSY)$/);
  assert.match(stderr.trimEnd(), /^Error: .+\n(Why: .+\n)?Try: .+$/);
  assert.doesNotMatch(stderr, /\n\s+at |node_modules|node:internal/);
}

/** Everything that was finished before is still there, and the history goes on from where it was. */
function expectKept(before: ProjectRecord, after: ProjectRecord): void {
  for (const run of before.runs.filter((text) => text.endsWith('FINISHED')))
    assert.ok(after.runs.includes(run), run);
  for (const version of before.versions) assert.ok(after.versions.includes(version), `version ${version}`);
  assert.deepEqual(after.history.slice(after.history.length - before.history.length), before.history);
}

/** The version that current.json names; null when the model is retired. */
function servedVersion(folder: string): number | null {
  const text = readFileSync(placesIn(folder).currentModel, 'utf8');
  return JSON.parse(text).models.loans?.version ?? null;
}
