import { JsonShape } from '../datasets/json-shape.js';
import { parseSplit } from '../datasets/split-rule.js';
import { RiskopsError } from '../errors.js';
import type { HyperValue, Task } from '../models/learner.js';
import type { Store } from '../storage/store.js';
import { readArtifact } from '../tracking/read-artifact.js';
import { getRun, type RunDetail } from '../tracking/read-runs.js';
import { printable } from '../util/text.js';
import type { RowPlan } from './fit-model.js';
import { DATA_RECORD, SCHEMA_RECORD } from './holdout.js';
import { type DataPlan, dataDefaults, fitDefaults, type TrainPlan } from './train-plan.js';
import { TRAINING_RECORD, type TrainingRecord } from './training-record.js';

/** A training as its run recorded it, to be done again. */
export interface RecordedTraining {
  run: RunDetail;
  /** Paths as recorded: relative to the project's folder where they lie in it. */
  plan: Omit<TrainPlan, 'threads' | 'schema' | 'policy'>;
  /** The text of the schema that the data was read by. */
  schema: string;
  data: RecordedFile;
  /** The second file of a `file:` split. */
  testData: RecordedFile | null;
  /** What trained; null where the run is from before they were recorded. */
  versions: Pick<TrainingRecord, 'engine' | 'engine_version' | 'riskops_version'> | null;
}

export interface RecordedFile {
  path: string;
  /** null for the second file of a split, where the run is from before it was recorded. */
  sha256: string | null;
}

function notReproducible(run: RunDetail, what: string, why: string, fix?: string): RiskopsError {
  return new RiskopsError('RUN_NOT_REPRODUCIBLE', {
    what: `Run ${run.run_id.slice(0, 8)} ${what}`,
    why,
    fix: fix ?? `riskops runs show ${run.run_id.slice(0, 8)}`,
  });
}

/** @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_NOT_REPRODUCIBLE for a run that is no training, that did not finish, or that lacks a record */
export async function readTraining(store: Store, idOrPrefix: string): Promise<RecordedTraining> {
  const run = await getRun(store, idOrPrefix);
  if (run.kind !== 'train')
    throw notReproducible(
      run,
      'is no training, so there is nothing to train again.',
      `Its kind is "${printable(run.kind, 40)}".`,
      'riskops runs list',
    );
  if (run.status !== 'FINISHED')
    throw notReproducible(
      run,
      'did not finish, so there is no result to compare with.',
      `It is ${run.status}${run.error === null ? '' : `: ${printable(run.error.split('\n')[0], 300)}`}.`,
    );
  const text = async (name: string): Promise<string> => {
    const { bytes, why } = await readArtifact(store, run.run_id, name);
    if (bytes === null)
      throw notReproducible(run, 'does not say what it learned from.', `Of its records, ${why}.`);
    return bytes.toString('utf8');
  };
  const keepsTraining = run.artifacts.some(({ path }) => path === TRAINING_RECORD);
  const training = keepsTraining ? await text(TRAINING_RECORD) : null;
  const [record, schema] = [await text(DATA_RECORD), await text(SCHEMA_RECORD)];
  try {
    return { ...parseRecords(run, record, training), run, schema };
  } catch (error) {
    throw notReproducible(run, 'has a record that cannot be read.', (error as Error).message);
  }
}

function parseRecords(run: RunDetail, record: string, training: string | null) {
  const shape: JsonShape = new JsonShape((why) => new RiskopsError('RUN_NOT_REPRODUCIBLE', { what: why }));
  const plan = parsePlan(shape, run, JSON.parse(record));
  const kept = training === null ? null : parseTraining(shape, JSON.parse(training));
  const { learner, engine, ...rest } = kept ?? fromParams(run);
  const split = parseSplit(plan.split);
  const second = { path: split.kind === 'file' ? split.path : '', sha256: null };
  return {
    plan: { ...plan, ...rest.fit, learner, engine, hyper: rest.hyper },
    data: { path: plan.data, sha256: kept?.data ?? run.params['data_sha256'] ?? null },
    testData: split.kind === 'file' ? { ...second, sha256: kept?.testData ?? null } : null,
    versions: kept?.versions ?? null,
  };
}

function parsePlan(shape: JsonShape, run: RunDetail, value: unknown) {
  const keys = ['data', 'target', 'task', 'positive', 'split', 'seed', 'drop', 'keep'] as const;
  const given = shape.object(value, DATA_RECORD, keys, Object.keys(dataDefaults));
  const json: Record<string, unknown> = { ...dataDefaults, ...given };
  const textOrNull = (key: keyof DataPlan) =>
    json[key] === null ? null : shape.text(json[key], `${DATA_RECORD}: ${key}`);
  const objectOrNull = (key: keyof DataPlan) =>
    json[key] === null ? null : { ...(json[key] as Record<string, unknown>) };
  return {
    model: shape.text(run.model, 'the model'),
    data: shape.text(json['data'], `${DATA_RECORD}: data`),
    target: shape.text(json['target'], `${DATA_RECORD}: target`),
    task: textOrNull('task') as Task | null,
    positive: textOrNull('positive'),
    split: shape.text(json['split'], `${DATA_RECORD}: split`),
    seed: shape.number(json['seed'], `${DATA_RECORD}: seed`),
    drop: shape.texts(json['drop'], `${DATA_RECORD}: drop`, 1_000_000),
    keep: shape.texts(json['keep'], `${DATA_RECORD}: keep`, 1_000_000),
    time: textOrNull('time'),
    group: textOrNull('group'),
    horizon: json['horizon'] === null ? null : shape.number(json['horizon'], `${DATA_RECORD}: horizon`),
    strategy: shape.choice(json['strategy'], `${DATA_RECORD}: strategy`, ['recursive', 'direct'] as const),
    weights: textOrNull('weights'),
    reshape: objectOrNull('reshape'),
    label: objectOrNull('label'),
    allow: shape.texts(json['allow'], `${DATA_RECORD}: allow`, 100),
  };
}

function parseTraining(shape: JsonShape, value: unknown) {
  const json = shape.object(
    value,
    TRAINING_RECORD,
    ['learner', 'engine', 'engine_version', 'riskops_version', 'hyper', 'data', 'test_data'],
    ['fit'],
  );
  const text = (key: string) => shape.text(json[key], `${TRAINING_RECORD}: ${key}`);
  const sha256 = (key: string) => {
    const file = shape.object(json[key], `${TRAINING_RECORD}: ${key}`, ['path', 'sha256', 'bytes', 'rows']);
    return shape.text(file['sha256'], `${TRAINING_RECORD}: ${key}.sha256`);
  };
  return {
    learner: text('learner'),
    engine: text('engine'),
    hyper: json['hyper'] as Record<string, HyperValue>,
    // Its parts are checked where they are used: steps by the recipe, the rest by the fit.
    fit: { ...fitDefaults, ...(json['fit'] as RowPlan | undefined) },
    data: sha256('data'),
    testData: json['test_data'] === null ? null : sha256('test_data'),
    versions: {
      engine: text('engine'),
      engine_version: text('engine_version'),
      riskops_version: text('riskops_version'),
    },
  };
}

/** Before there was a training record, the learner and its options stood among the parameters alone, as text. */
function fromParams({ params }: RunDetail) {
  const hyper = Object.entries(params)
    .filter(([name]) => name.startsWith('hyper.'))
    .map(([name, value]) => [name.slice('hyper.'.length), value === 'null' ? null : value]);
  return {
    learner: params['learner'] ?? '',
    engine: params['engine'] ?? 'riskops',
    hyper: Object.fromEntries(hyper) as Record<string, HyperValue>,
    fit: fitDefaults,
  };
}
