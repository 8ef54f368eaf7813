import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { encodeTable } from '../datasets/encode-table.js';
import { readTable } from '../datasets/read-table.js';
import { schemaToJson } from '../datasets/schema.js';
import { type Signature, signatureOf, type TargetSpec } from '../datasets/signature.js';
import { columnOf, type Table } from '../datasets/table.js';
import type { ClassValue } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import { evaluate } from '../evaluation/metrics.js';
import { fitRecipe } from '../features/recipe.js';
import { learnerFor } from '../models/all.js';
import type { ImportedModel } from '../models/imported/imported-model.js';
import { parseLightgbm } from '../models/imported/lightgbm.js';
import { parseXgboost } from '../models/imported/xgboost.js';
import { fittedFromImport } from '../models/imported-trees.js';
import { encodeModelFile } from '../models/model-file.js';
import { registerVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { type Run, type StartRunOptions, startRun } from '../tracking/runs.js';
import { sha256 } from '../util/files.js';
import { toPrettyJson } from '../util/json.js';
import { packageVersion } from '../util/package.js';
import { printable } from '../util/text.js';
import { DATA_RECORD, type Holdout, holdoutOf, recordedSplit, SCHEMA_RECORD } from './holdout.js';
import { type Parity, proveParity } from './import-parity.js';
import { type PreparedData, prepareData } from './prepare-data.js';
import { recordedPath, recordedSource } from './source-paths.js';
import type { DataPlan } from './train-plan.js';

export const IMPORT_FORMATS = ['lightgbm', 'xgboost'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

export interface ImportRequest {
  /** The other program's model file. */
  file: string;
  format: ImportFormat;
  model: string;
  target: string;
  /** A file with the features and the other program's own answers; see `proveParity`. */
  parity: string;
  /** How far an answer may be from the other program's; see `proveParity`. */
  tolerance: number;
  /** What the classes are called, by their numbers; 0, 1, ... when null and no data tell. */
  classes: ClassValue[] | null;
  /** Labelled rows: those that the split holds out judge the version. Without them the gate cannot. */
  data: DataPlan | null;
}

export interface ImportResult {
  run_id: string;
  version: VersionRecord;
  program: ImportedModel['program'];
  objective: string;
  features: number;
  trees: number;
  parity: Parity;
  metrics: Record<string, number>;
}

const LIMIT = 256 * 1024 ** 2;

function readModelText(path: string): string {
  let why = 'It is not a plain file.';
  try {
    const facts = statSync(path);
    if (facts.isFile() && facts.size <= LIMIT) return readFileSync(path, 'utf8');
    if (facts.isFile()) why = `It has ${facts.size} bytes; ${LIMIT} are allowed.`;
  } catch (error) {
    why = (error as Error).message;
  }
  throw new RiskopsError('MODEL_FILE_NOT_FOUND', {
    what: `The model file ${printable(path, 400)} cannot be read.`,
    why: printable(why, 400),
    fix: 'riskops models import FILE, with the path of the file',
  });
}

/** The sample with each feature as the model takes it: categories as text, all else as numbers. */
async function readSample(path: string, { features }: ImportedModel): Promise<Table> {
  const schema = new Map(
    features.map(({ name, categories }) => [
      name,
      { type: categories === null ? ('number' as const) : ('category' as const) },
    ]),
  );
  const { table } = await readTable(path, { schema });
  if (table.rowCount > 0) return table;
  throw new RiskopsError('DATA_UNREADABLE', {
    what: `${printable(path)} has no row.`,
    why: 'A model is proved on the rows of its parity sample.',
    fix: 'write some hundred rows with the features and the answers of the other program',
  });
}

/** Features by name, with the ranges of the sample; categories are all that the other program knew. */
function signatureFrom({ features }: ImportedModel, sample: Table, target: TargetSpec): Signature {
  const rows = Int32Array.from({ length: sample.rowCount }, (_, row) => row);
  const seen = signatureOf(
    sample,
    features.map(({ name }) => name),
    rows,
    target,
  );
  return {
    ...seen,
    features: seen.features.map((feature, i) => {
      const { categories } = features[i];
      // The other program takes a missing value in any feature.
      return { ...feature, nullable: true, ...(categories === null ? {} : { categories }) };
    }),
  };
}

function targetOf(request: ImportRequest, parsed: ImportedModel, data: PreparedData | null): TargetSpec {
  const { task, classCount } = parsed;
  const refuse = (why: string) =>
    new RiskopsError('TARGET_INVALID', {
      what: `The target "${printable(request.target)}" is not what the imported model predicts.`,
      why,
      fix: 'riskops models import --help',
    });
  if (data !== null && data.target.task !== task)
    throw refuse(`The model is ${task}, the data's column ${data.target.task}.`);
  if (task === 'regression')
    return { name: request.target, type: data?.target.type ?? 'number', classes: null };
  const numbers: ClassValue[] = Array.from({ length: classCount }, (_, k) => k);
  const classes = data?.target.classes ?? request.classes ?? numbers;
  if (classes.length !== classCount)
    throw refuse(`The model has ${classCount} classes; ${classes.length} are named.`);
  const areNumbers = classes.every((value) => typeof value === 'number');
  return { name: request.target, type: data?.target.type ?? (areNumbers ? 'integer' : 'category'), classes };
}

/**
 * Takes in a model of another program as a candidate: its trees become a model file, whose answers are compared with the other program's
 * own before anything is recorded. With labelled data, the rows that its split holds out are measured, and the gate judges by them.
 * @throws IMPORT_INVALID, PARITY_FAILED, COLUMN_NOT_FOUND, TARGET_INVALID; MODEL_FILE_NOT_FOUND and what `readTable` throws
 */
export async function importModel(
  store: Store,
  request: ImportRequest,
  { root, labels }: { root: string; labels?: Pick<StartRunOptions, 'name' | 'note' | 'tags'> },
): Promise<ImportResult> {
  const text = readModelText(request.file);
  const parsed = request.format === 'lightgbm' ? parseLightgbm(text) : parseXgboost(text);
  const data = request.data === null ? null : await prepareData(request.data, null);
  const sample = await readSample(request.parity, parsed);
  const signature = signatureFrom(parsed, sample, targetOf(request, parsed, data));
  const cells = encodeTable(sample, signature);
  const recipe = fitRecipe([], cells, sample.rowCount, signature);
  const fitted = fittedFromImport(parsed);
  const answers = fitted.predict(recipe.transform(cells, sample.rowCount), sample.rowCount);
  const parity = proveParity(sample, answers, signature.target.classes, request.tolerance, parsed);
  const facts = {
    source: basename(request.file),
    source_sha256: sha256(text),
    format: request.format,
    objective: parsed.objective,
    program_version: parsed.programVersion,
  };
  const run = await startRun(store, {
    ...labels,
    kind: 'import',
    model: request.model,
    params: {
      ...facts,
      parity: recordedPath(root, request.parity),
      target: request.target,
      task: parsed.task,
    },
    cwd: root,
  });
  try {
    await run.logArtifact(`source/${facts.source}`, text, 'source');
    await run.logArtifact('parity.json', `${toPrettyJson(parity)}\n`, 'parity');
    const holdout = await keepHoldout(run, request, data, root);
    const metrics = holdout === null ? {} : measure(holdout, signature, parsed, recipe, fitted);
    run.logMetrics(metrics);
    const learner = learnerFor('imported-trees', parsed.program);
    const file = await encodeModelFile({
      task: parsed.task,
      ...{ signature, recipe, fitted, learner, metrics },
      hyper: {},
      threshold: parsed.task === 'binary' ? THRESHOLD : null,
      classes: signature.target.classes,
      provenance: {
        model: request.model,
        run_id: run.id,
        created_at: new Date().toISOString(),
        git_commit: run.gitCommit,
        data_sha256: holdout?.facts.data_sha256 ?? facts.source_sha256,
        seed: request.data?.seed ?? 0,
        split: holdout?.facts.split ?? 'none',
        riskops_version: packageVersion(),
        target: request.target,
        imported: facts,
        parity: { ...parity },
        ...(holdout === null ? {} : { holdout: holdout.facts }),
      },
    });
    const path = `models/${request.model}/candidates/${run.id}_${learner.name}.safetensors`;
    await store.blobs.put(path, file.bytes);
    const version = await registerVersion(store, {
      model: request.model,
      runId: run.id,
      learner: learner.name,
      ...{ path, metrics, sha256: file.sha256, contentSha256: file.contentSha256, bytes: file.bytes.length },
    });
    await run.end();
    const { program, objective, features, forest } = parsed;
    return {
      ...{ run_id: run.id, version, program, objective, parity, metrics },
      features: features.length,
      trees: forest.roots.length,
    };
  } catch (error) {
    await run.fail(error);
    throw error;
  }
}

/** Both programs call a row positive from here on. */
const THRESHOLD = 0.5;

/** Keeps what the gate reads to find the held-out rows again. */
async function keepHoldout(
  run: Run,
  { data: plan }: ImportRequest,
  data: PreparedData | null,
  root: string,
): Promise<Holdout | null> {
  if (plan === null || data === null) return null;
  const record = { ...plan, data: recordedSource(root, plan.data), split: recordedSplit(root, plan.split) };
  await run.logArtifact(DATA_RECORD, `${toPrettyJson(record)}\n`, 'data');
  await run.logArtifact(SCHEMA_RECORD, `${toPrettyJson(schemaToJson(data.schema))}\n`, 'schema');
  return holdoutOf(plan, data, root);
}

function measure(
  { table, rows, y }: Holdout,
  signature: Signature,
  { task }: ImportedModel,
  recipe: ReturnType<typeof fitRecipe>,
  fitted: ReturnType<typeof fittedFromImport>,
): Record<string, number> {
  for (const { name } of signature.features) columnOf(table, name);
  const cells = encodeTable(table, signature, rows);
  const predictions = fitted.predict(recipe.transform(cells, rows.length), rows.length);
  return evaluate(task, y, predictions, { threshold: task === 'binary' ? THRESHOLD : null });
}
