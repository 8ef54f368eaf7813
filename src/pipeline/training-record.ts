import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { DataSource } from '../datasets/read-table.js';
import { schemaToJson } from '../datasets/schema.js';
import type { Hyper } from '../models/learner.js';
import type { Run } from '../tracking/runs.js';
import { toPrettyJson } from '../util/json.js';
import { packageVersion } from '../util/package.js';
import type { RowPlan } from './fit-model.js';
import { DATA_RECORD, type DataRecord, recordedSplit, SCHEMA_RECORD } from './holdout.js';
import { type PreparedTraining, rowPlanOf } from './prepare-training.js';
import { recordedSource } from './source-paths.js';

/** Which bytes a training read. */
export interface DataFile {
  /** As `HoldoutFacts.data`. */
  path: string;
  sha256: string;
  bytes: number;
  rows: number;
}

/** Besides the data record and the schema, all that decides the result of a training; kept as an artifact of the run. */
export interface TrainingRecord {
  learner: string;
  engine: string;
  /** Of the package whose code trained. */
  engine_version: string;
  riskops_version: string;
  /** Every option of the learner, as numbers and texts. */
  hyper: Hyper;
  /** How the rows of the fit were prepared; missing where the run is from before it could be said. */
  fit?: RowPlan;
  data: DataFile;
  /** The second file of a `file:` split. */
  test_data: DataFile | null;
}

export const TRAINING_RECORD = 'training.json';

/** The packages of engines that have another name, the first that is there trains. */
const PACKAGES: Record<string, string[]> = { tfjs: ['@tensorflow/tfjs-node', '@tensorflow/tfjs-core'] };

/** The version of the package whose code trains. */
export function engineVersion(engine: string): string {
  if (engine === 'riskops') return packageVersion();
  const { resolve } = createRequire(import.meta.url);
  const names = PACKAGES[engine] ?? [engine];
  for (const [at, name] of names.entries()) {
    try {
      return JSON.parse(readFileSync(resolve(`${name}/package.json`), 'utf8')).version;
    } catch (error) {
      if (at === names.length - 1) throw error;
    }
  }
  throw new RangeError(`the engine ${engine} has no package`);
}

/** Keeps with a run what it takes to read the same rows again, and to train on them again. */
export async function keepTraining(run: Run, training: PreparedTraining, root: string): Promise<void> {
  const { plan, data } = training;
  const { target, task, positive, seed, drop, keep } = plan;
  const { time, group, horizon, strategy, weights, reshape, label, allow } = plan;
  const split = recordedSplit(root, plan.split);
  const record: DataRecord = {
    data: recordedSource(root, plan.data),
    ...{ target, task, positive, split, seed, drop, keep },
    ...{ time, group, horizon, strategy, weights, reshape, label, allow },
  };
  await run.logArtifact(DATA_RECORD, `${toPrettyJson(record)}\n`, 'data');
  await run.logArtifact(SCHEMA_RECORD, `${toPrettyJson(schemaToJson(data.schema))}\n`, 'schema');
  await run.logArtifact(TRAINING_RECORD, `${toPrettyJson(recordOf(training, root))}\n`, 'training');
}

function recordOf({ plan, learner, hyper, data }: PreparedTraining, root: string): TrainingRecord {
  const { name, engine } = learner;
  const file = ({ path, sha256, bytes, rowCount }: DataSource): DataFile => ({
    path: recordedSource(root, path),
    ...{ sha256, bytes, rows: rowCount },
  });
  return {
    learner: name,
    engine,
    engine_version: engineVersion(engine),
    riskops_version: packageVersion(),
    hyper,
    fit: rowPlanOf(plan),
    data: file(data.source),
    test_data: data.testSource === null ? null : file(data.testSource),
  };
}
