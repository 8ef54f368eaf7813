import { JsonShape } from '../datasets/json-shape.js';
import { schemaToJson } from '../datasets/schema.js';
import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { findRun } from '../tracking/find-run.js';
import { readArtifact } from '../tracking/read-artifact.js';
import { getRun, metricHistory } from '../tracking/read-runs.js';
import type { Run } from '../tracking/runs.js';
import { sha256 } from '../util/files.js';
import { numberFromJson, toCanonicalJson, toPrettyJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { recordedSplit } from './holdout.js';
import type { PreparedData } from './prepare-data.js';
import { type PreparedTraining, prepareTraining } from './prepare-training.js';
import { recordedPath, recordedSource, usableSource } from './source-paths.js';
import { dataDefaults, fitDefaults, type TrainPlan } from './train-plan.js';
import { SEARCHES, type TuneRequest } from './tune-request.js';
import { type Trial, trialKey } from './tune-trial.js';

/** What a search was asked for, kept with its run: enough to go on with it. */
export interface TuneRecord {
  request: TuneRequest;
  /** The flags that the search was called with, but for the options of the learner. */
  words: readonly string[];
  /** Paths relative to the project's folder where they lie in it. */
  plan: TrainPlan;
  data_sha256: string;
  test_data_sha256: string | null;
  /** Over the columns' types as they were read. */
  schema_sha256: string;
}

const RECORD = 'tune.json';

const schemaHash = ({ schema }: PreparedData) => sha256(toCanonicalJson(schemaToJson(schema)));

/** Keeps with the run of a search what it takes to go on with it. */
export async function keepTune(
  run: Run,
  request: TuneRequest,
  { plan, data }: PreparedTraining,
  { root, words }: { root: string; words: readonly string[] },
): Promise<void> {
  const record: TuneRecord = {
    request,
    words,
    plan: {
      ...plan,
      data: recordedSource(root, plan.data),
      split: recordedSplit(root, plan.split),
      schema: plan.schema && recordedPath(root, plan.schema),
      threads: null,
    },
    data_sha256: data.source.sha256,
    test_data_sha256: data.testSource?.sha256 ?? null,
    schema_sha256: schemaHash(data),
  };
  await run.logArtifact(RECORD, `${toPrettyJson(record)}\n`, 'tune');
}

function notResumable(runId: string, why: string): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `The search of run ${runId.slice(0, 8)} cannot go on.`,
    why,
    fix: 'riskops tune, for a new search',
  });
}

/** What the run of a search was asked for. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, OPTION_INVALID for a run that is no search */
export async function readTune(
  store: Store,
  idOrPrefix: string,
): Promise<{ runId: string; record: TuneRecord }> {
  const { run_id, kind } = await findRun(store, idOrPrefix);
  if (kind !== 'tune') throw notResumable(run_id, `It is of kind "${printable(kind, 40)}", and no search.`);
  const { bytes, why } = await readArtifact(store, run_id, RECORD);
  if (bytes === null) throw notResumable(run_id, `Of its records, ${why}.`);
  const shape: JsonShape = new JsonShape((fault) => notResumable(run_id, fault));
  const json = shape.object(JSON.parse(bytes.toString('utf8')), RECORD, [
    ...['request', 'words', 'plan', 'data_sha256', 'test_data_sha256', 'schema_sha256'],
  ]) as unknown as TuneRecord;
  if (!SEARCHES.includes(json.request.search)) throw notResumable(run_id, `${RECORD}: search is not known.`);
  return { runId: run_id, record: json };
}

/**
 * Reads the data of a search again.
 * @throws DATA_CHANGED when it is not what the search began with, and as `prepareTraining`
 */
export async function prepareAgain(
  runId: string,
  { plan, ...facts }: TuneRecord,
  options: { root: string; threads: number | null; onProgress?: (text: string) => void },
): Promise<PreparedTraining> {
  const { root, threads, onProgress } = options;
  const file = 'file:';
  const training = await prepareTraining(
    {
      ...dataDefaults,
      ...fitDefaults,
      ...plan,
      data: usableSource(root, plan.data),
      split: plan.split.startsWith(file)
        ? `${file}${usableSource(root, plan.split.slice(file.length))}`
        : plan.split,
      schema: plan.schema && usableSource(root, plan.schema),
      threads,
    },
    onProgress,
  );
  const { source, testSource } = training.data;
  const isSame =
    source.sha256 === facts.data_sha256 &&
    (testSource?.sha256 ?? null) === facts.test_data_sha256 &&
    schemaHash(training.data) === facts.schema_sha256;
  if (isSame) return training;
  throw new RiskopsError('DATA_CHANGED', {
    what: `The data is not what the search of run ${runId.slice(0, 8)} began with.`,
    why: 'Its SHA-256, or the types of its columns, are others: new trials could not be compared with the old ones.',
    fix: 'riskops tune, for a new search',
  });
}

/** The trials of a search that were measured, failed ones too, by what they were; those that were stopped are to be done again. */
export async function finishedTrials(store: Store, parentId: string): Promise<Map<string, Trial>> {
  const rows = await store.db
    .selectFrom('runs')
    .select('run_id')
    .where('parent_run_id', '=', parentId)
    .where('kind', '=', 'trial')
    .where('status', 'in', ['FINISHED', 'FAILED'])
    .where('deleted_at', 'is', null)
    .orderBy('sequence')
    .execute();
  const found = new Map<string, Trial>();
  for (const { run_id } of rows) {
    const { params, metrics, status, error, duration_ms } = await getRun(store, run_id);
    const own = Object.entries(params).filter(([name]) => name.startsWith('hyper.'));
    const hyper = Object.fromEntries(own.map(([name, value]) => [name.slice('hyper.'.length), value]));
    const { metric = '', share = '' } = params;
    const points = await metricHistory(store, run_id, `fold_${metric}`);
    const value = status === 'FINISHED' ? (numberFromJson(metrics[metric]) ?? null) : null;
    if (status === 'FINISHED' && value === null) continue;
    // What stands for hyper-parameters, learner and resource is put in by who knows them as values.
    found.set(trialKey(params['learner'] ?? '', share, hyper), {
      trial: Number(params['trial']),
      value,
      sd: metrics[`${metric}_sd`] ?? null,
      folds: points.map((point) => point.value),
      error,
      run_id,
      seconds: (duration_ms ?? 0) / 1000,
      reused: true,
    } as Trial);
  }
  return found;
}
