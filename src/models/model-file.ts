import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { RiskopsError } from '../errors.js';
import { type Recipe, recipeFromJson } from '../features/recipe.js';
import { sha256 as hashBytes } from '../util/files.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { learnerFor } from './all.js';
import { contentHashOf, hashTensors, sealOf } from './content-hash.js';
import {
  answerSeries,
  compareGolden,
  encodeGoldenRows,
  type GoldenRows,
  isAnswer,
  makeGoldenRows,
} from './golden-rows.js';
import type { FittedModel, Hyper, Learner, SavedModel } from './learner.js';
import {
  MODEL_FORMAT,
  type ModelHeader,
  outputsOf,
  parseModelHeader,
  SPECIFICATION_LIMIT,
} from './model-header.js';
import { isSequential, lookBackOf, type PredictCells, type Predictor, predictorOf } from './predictor.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { modelFileFault } from './saved-model.js';

/** A larger file is not read. */
const MODEL_FILE_LIMIT = 1024 ** 3;

/** What goes into a model file. */
export interface ModelParts
  extends Pick<
    ModelHeader,
    'task' | 'signature' | 'threshold' | 'classes' | 'metrics' | 'provenance' | 'profile' | 'residuals'
  > {
  learner: Learner;
  hyper: Hyper;
  recipe: Recipe;
  fitted: FittedModel;
}

export interface EncodedModel {
  bytes: Buffer;
  /** SHA-256 of the bytes. */
  sha256: string;
  contentSha256: string;
  /** The model as it was read back from the bytes. */
  predictor: Predictor;
}

/** The golden rows that this model can answer: those with missing values and unseen categories where its recipe allows them. */
function recordGolden({ signature, task, recipe, learner }: ModelParts, predict: PredictCells): GoldenRows {
  const { whole, odd } = makeGoldenRows(signature, 0);
  if (isSequential(recipe, learner)) {
    const answer = (rows: readonly unknown[][]) => predict(encodeGoldenRows(rows, signature), rows.length);
    const golden = answerSeries([...whole, ...odd], answer, task);
    if (golden.rows.length === 0) throw noAnswer('no number');
    return golden;
  }
  const golden: GoldenRows = { rows: [], predictions: [] };
  for (const row of [...whole, ...odd]) {
    const answer = predict(encodeGoldenRows([row], signature), 1);
    if (isAnswer(answer, task)) {
      golden.rows.push(row);
      golden.predictions.push(...answer);
    } else if (whole.includes(row)) throw noAnswer(answer.join(', '));
  }
  return golden;
}

function noAnswer(predicted: string): RiskopsError {
  return new RiskopsError('TRAINING_FAILED', {
    what: `The trained model predicts ${predicted} for a row within the ranges it was trained on.`,
    why: 'A number of its training rows or of its weights is too large to compute with.',
    fix: 'give the columns with huge values in a larger unit, or use --learner gradient-boosting',
  });
}

/**
 * The bytes of a model file, which are read back and compared with the fitted model before they are returned.
 * @throws TRAINING_FAILED when the model does not answer with a number
 */
export async function encodeModelFile(parts: ModelParts): Promise<EncodedModel> {
  const { learner, hyper, recipe, fitted, task, signature, threshold, classes, metrics, provenance } = parts;
  const { facts, tensors } = fitted.save();
  const pipeline = { recipe, learner, fitted, width: signature.features.length, outputs: outputsOf(parts) };
  const golden = recordGolden(parts, predictorOf(pipeline));
  const header: ModelHeader = {
    format: MODEL_FORMAT,
    task,
    signature,
    recipe: recipe.toJSON(),
    learner: { name: learner.name, engine: learner.engine, hyper, facts },
    threshold,
    classes,
    golden,
    metrics,
    provenance,
    ...(parts.profile === undefined ? {} : { profile: parts.profile }),
    ...(parts.residuals === undefined ? {} : { residuals: parts.residuals }),
  };
  const specification = toJson(header);
  if (specification.length > SPECIFICATION_LIMIT) {
    throw new RiskopsError('TRAINING_FAILED', {
      what: `The model's specification takes ${specification.length} characters; ${SPECIFICATION_LIMIT} are allowed.`,
      why: 'A category column has too many different values.',
      fix: 'leave the column out with --drop COLUMN',
    });
  }
  const bytes = packModelFile(specification, tensors);
  const predictor = await decodeModelFile(bytes, 'the new model');
  return { bytes, sha256: hashBytes(bytes), contentSha256: predictor.contentSha256, predictor };
}

/** The file of a specification and its tensors, sealed with their hash. */
export function packModelFile(specification: string, tensors: SavedModel['tensors']): Buffer {
  const seal = sealOf(specification, hashTensors(tensors));
  return encodeSafetensors({ metadata: { riskops: specification, riskops_sha256: seal }, tensors });
}

async function decode(bytes: Buffer): Promise<Predictor> {
  const { metadata, tensors } = decodeSafetensors(bytes);
  const { riskops: specification, riskops_sha256: seal } = metadata;
  if (specification === undefined || seal === undefined) throw modelFileFault('riskops did not write it');
  const tensorsHash = hashTensors(tensors);
  if (seal !== sealOf(specification, tensorsHash))
    throw modelFileFault('its content does not match its own SHA-256');
  const header = parseModelHeader(specification);
  const { signature, task, golden } = header;
  const recipe = recipeFromJson(header.recipe, signature);
  const learner = learnerFor(header.learner.name, header.learner.engine);
  if (!learner.tasks.includes(task))
    throw modelFileFault(`its learner ${learner.name} has no ${task} models`);
  const saved = { facts: header.learner.facts, tensors };
  const shape = {
    featureCount: recipe.outputs.length,
    categories: recipe.categories,
    classCount: header.classes?.length ?? 0,
  };
  const fitted = await learner.load(saved, task, shape);
  const outputs = outputsOf(header);
  const predictCells = predictorOf({ recipe, learner, fitted, width: signature.features.length, outputs });
  const cells = encodeGoldenRows(golden.rows, signature);
  compareGolden(predictCells(cells, golden.rows.length), golden, task);
  const explain = fitted.explain?.bind(fitted);
  return {
    header,
    contentSha256: contentHashOf(header, tensorsHash),
    outputs,
    sequential: isSequential(recipe, learner),
    lookBack: lookBackOf(recipe, learner, header.learner.hyper),
    predictCells,
    ...(fitted.importances && { importances: fitted.importances.bind(fitted) }),
    ...(explain && { explainCells: (cells, rows) => explain(recipe.transform(cells, rows), rows) }),
    inputs: recipe.outputs,
    sources: recipe.sources,
  };
}

/**
 * The model in these bytes, after everything in it was checked and its golden rows were predicted again: equal to
 * those on record to 1e-12. `label` names the file in errors. The model keeps views of `bytes`, which must not change.
 * @throws MODEL_FILE_INVALID with one line
 */
export async function decodeModelFile(bytes: Buffer, label: string): Promise<Predictor> {
  try {
    return await decode(bytes);
  } catch (error) {
    throw refusal(label, error);
  }
}

/** Whatever a hostile file makes a check throw, the file is refused, and nothing else has happened. */
function refusal(
  label: string,
  error: unknown,
  why = 'It is damaged, or riskops did not write it.',
): RiskopsError {
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof RiskopsError && error.code === 'MODEL_FILE_INVALID' ? error.why : undefined;
  const fault = detail === undefined ? message : `${message.replace(/\.$/, '')}: ${detail}`;
  return new RiskopsError('MODEL_FILE_INVALID', {
    what: `The model file ${printable(label)} is refused: ${printable(fault, 400).replace(/\.$/, '')}.`,
    why,
    cause: error,
  });
}

function unreadable(path: string, cause: unknown): RiskopsError {
  return new RiskopsError('STORE_IO', {
    what: `The model file ${printable(path, 400)} cannot be read.`,
    why: printable((cause as Error).message, 400),
    cause,
  });
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its other end.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(path, error);
    throw new RiskopsError('MODEL_FILE_NOT_FOUND', {
      what: `There is no model file ${printable(path, 400)}.`,
      why: 'It was moved or deleted, or it was never written.',
      cause: error,
    });
  }
}

async function readWhole(path: string): Promise<Buffer> {
  const file = await openFile(path);
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw refusal(path, new Error('it is not a plain file'));
    if (facts.size > MODEL_FILE_LIMIT)
      throw refusal(path, new Error(`it has ${facts.size} bytes; ${MODEL_FILE_LIMIT} are allowed`));
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Reads, checks and proves a model file. With `sha256`, the file must be the one on record.
 * @throws MODEL_FILE_NOT_FOUND, MODEL_FILE_INVALID, STORE_IO
 */
export async function readModelFile(
  path: string,
  record: { sha256?: string } = {},
): Promise<Predictor & { sha256: string; bytes: number }> {
  const bytes = await readWhole(path);
  const sha256 = hashBytes(bytes);
  if (record.sha256 !== undefined && record.sha256 !== sha256) {
    throw refusal(
      path,
      new Error('its SHA-256 is not the one on record'),
      'It was changed after it was recorded.',
    );
  }
  const predictor = await decodeModelFile(bytes, path);
  return { ...predictor, sha256, bytes: bytes.length };
}
