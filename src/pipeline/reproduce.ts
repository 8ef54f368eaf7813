import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RiskopsError } from '../errors.js';
import { openStore } from '../storage/open-store.js';
import type { Store } from '../storage/store.js';
import { compareEnvironments } from '../tracking/compare-environments.js';
import { findRun } from '../tracking/find-run.js';
import { getRun } from '../tracking/read-runs.js';
import type { RunRow } from '../tracking/run-records.js';
import { packageVersion } from '../util/package.js';
import { compareMetricsExactly, type MetricsComparison } from './compare-training.js';
import { prepareTraining } from './prepare-training.js';
import { findRecordedData } from './recorded-data.js';
import { type RecordedTraining, readTraining } from './recorded-plan.js';
import { runTraining, type TrainedModel } from './train.js';
import type { TrainPlan } from './train-plan.js';
import { engineVersion } from './training-record.js';

export interface ReproduceOptions {
  /** The project's folder, where the data is looked for. */
  root: string;
  /** The data file, where it is not where the run found it. */
  data?: string;
  /** The same for the file of a `file:` split. */
  testData?: string;
  /** Worker threads; the result is the same for any number. */
  threads?: number | null;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
}

export interface Reproduction {
  run_id: string;
  model: string;
  learner: string;
  engine: string;
  /** The model's content and every metric came out again, bit for bit. */
  identical: boolean;
  /** What the files of this path and hash held is what was learned from, then and now. */
  data: { path: string; sha256: string }[];
  /** `recorded` is null when the version is no longer on record: then the metrics alone are compared. */
  content_sha256: { recorded: string | null; reproduced: string; same: boolean | null };
  metrics: MetricsComparison;
  /** What is not as it was, and does not have to matter. */
  notes: string[];
  /** Why the result may differ; empty when it does not. */
  reasons: string[];
  duration_ms: number;
}

/**
 * Trains again from what a run recorded, in a temporary store of its own, and compares the model and every metric bit for bit. The
 * store of the run is only read.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_NOT_REPRODUCIBLE, DATA_FILE_NOT_FOUND, DATA_CHANGED, and what training throws
 */
export async function reproduceRun(
  store: Store,
  idOrPrefix: string,
  options: ReproduceOptions,
): Promise<Reproduction> {
  const started = performance.now();
  const recorded = await readTraining(store, idOrPrefix);
  const files = await findFiles(recorded, options);
  const folder = mkdtempSync(join(tmpdir(), 'riskops-reproduce-'));
  try {
    const scratch = await openStore(
      {
        database: join(folder, 'riskops.db'),
        artifacts: join(folder, 'artifacts'),
        currentModel: join(folder, 'artifacts', 'models', 'current.json'),
      },
      { mode: 'write' },
    );
    try {
      const trained = await trainAgain(scratch, recorded, { ...options, files, folder });
      const compared = await compare(store, recorded, scratch, trained);
      return { ...compared, duration_ms: Math.round(performance.now() - started) };
    } finally {
      await scratch.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Files {
  data: string;
  testData: string | null;
}

async function findFiles(
  { run, data, testData }: RecordedTraining,
  { root, ...given }: ReproduceOptions,
): Promise<Files> {
  const search = { root, run: run.run_id.slice(0, 8) };
  return {
    data: await findRecordedData(data, { ...search, instead: given.data, flag: '--data' }),
    testData:
      testData &&
      (await findRecordedData(testData, { ...search, instead: given.testData, flag: '--test-data' })),
  };
}

async function trainAgain(
  scratch: Store,
  { plan, schema, data, run }: RecordedTraining,
  {
    root,
    threads = null,
    signal,
    onProgress,
    files,
    folder,
  }: ReproduceOptions & { files: Files; folder: string },
): Promise<TrainedModel> {
  const schemaFile = join(folder, 'schema.json');
  writeFileSync(schemaFile, schema);
  const again: TrainPlan = {
    ...plan,
    data: files.data,
    split: files.testData === null ? plan.split : `file:${files.testData}`,
    schema: schemaFile,
    threads,
    policy: {},
  };
  const prepared = await prepareTraining(again, onProgress);
  // Between the first look at the file and its reading, somebody may have written to it.
  if (data.sha256 !== null && prepared.data.source.sha256 !== data.sha256)
    throw new RiskopsError('DATA_CHANGED', {
      what: `${files.data} was changed while run ${run.run_id.slice(0, 8)} was trained again.`,
      why: `Its SHA-256 is ${prepared.data.source.sha256}, and the run recorded ${data.sha256}.`,
      fix: `riskops reproduce ${run.run_id.slice(0, 8)}`,
    });
  return runTraining(scratch, prepared, { root, signal, onProgress });
}

async function compare(
  store: Store,
  recorded: RecordedTraining,
  scratch: Store,
  { summary, holdout }: TrainedModel,
): Promise<Omit<Reproduction, 'duration_ms'>> {
  const { run } = recorded;
  const version = await store.db
    .selectFrom('versions')
    .select('content_sha256')
    .where('run_id', '=', run.run_id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  const again = await getRun(scratch, summary.run_id);
  const metrics = await compareMetricsExactly(
    { store, run_id: run.run_id, metrics: run.metrics },
    { store: scratch, run_id: again.run_id, metrics: again.metrics },
  );
  const reproduced = summary.candidate.content_sha256;
  const content = version?.content_sha256 ?? null;
  const same = content === null ? null : content === reproduced;
  const identical = same !== false && metrics.compared > 0 && metrics.different.length === 0;
  const changes = await changesSince(
    recorded,
    await findRun(store, run.run_id),
    await findRun(scratch, again.run_id),
  );
  const { facts } = holdout;
  return {
    run_id: run.run_id,
    model: summary.model,
    learner: summary.learner,
    engine: summary.engine,
    identical,
    data: [
      { path: facts.data, sha256: facts.data_sha256 },
      ...(facts.test_data === null
        ? []
        : [{ path: facts.test_data, sha256: facts.test_data_sha256 as string }]),
    ],
    content_sha256: { recorded: content, reproduced, same },
    metrics,
    notes: [...changes.code, ...changes.programs, ...gaps(recorded, content, metrics)],
    reasons: identical ? [] : reasonsFor(changes.programs),
  };
}

/** What is not as it was when the run was recorded. */
async function changesSince({ versions }: RecordedTraining, then: RunRow, now: RunRow) {
  const code: string[] = [];
  const short = (commit: string | null) => commit?.slice(0, 12) ?? 'none';
  if (then.git_commit !== now.git_commit)
    code.push(`The commit was ${short(then.git_commit)}, and is ${short(now.git_commit)}.`);
  if (then.git_dirty === 1) code.push('The run had changes that were not committed.');
  if (now.git_dirty === 1) code.push('The work tree has changes now that are not committed.');
  const programs: string[] = [];
  const changed = (what: string, was: string | null, is: string | null) => {
    if (was !== is) programs.push(`${what} was ${was ?? 'unknown'}, and is ${is ?? 'unknown'}.`);
  };
  if (versions !== null) {
    changed('riskops', versions.riskops_version, packageVersion());
    const { engine, engine_version } = versions;
    if (engine !== 'riskops') changed(`The engine ${engine}`, engine_version, engineVersion(engine));
  }
  for (const { key, values } of compareEnvironments(then.environment_json, now.environment_json) ?? []) {
    // The training record says it too.
    if (key !== 'riskops' || versions === null) changed(key, values[0], values[1]);
  }
  return { code, programs };
}

/** What could not be compared. */
function gaps(
  { testData, versions }: RecordedTraining,
  content: string | null,
  { only_recorded, only_reproduced }: MetricsComparison,
): string[] {
  return [
    ...(content === null
      ? ['The version of this run is not on record any more: the metrics alone are compared.']
      : []),
    ...(versions === null ? ['The run is from before riskops recorded its own version.'] : []),
    ...(testData !== null && testData.sha256 === null
      ? ['The run did not record the hash of the second file.']
      : []),
    ...(only_recorded.length > 0
      ? [`Not from training, and so not compared: ${only_recorded.join(', ')}.`]
      : []),
    ...(only_reproduced.length > 0 ? [`The run does not have: ${only_reproduced.join(', ')}.`] : []),
  ];
}

const reasonsFor = (programs: string[]) =>
  programs.length > 0
    ? programs
    : [
        'Nothing on record says why: the programs are the same. Was the record, or an installed package, changed by hand?',
      ];
