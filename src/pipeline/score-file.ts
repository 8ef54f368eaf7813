import { lstatSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { cellValue } from '../datasets/cell-value.js';
import { brokenError, type Check, compileChecks } from '../datasets/checks/checks.js';
import { encodeTable } from '../datasets/encode-table.js';
import type { Feature, Signature } from '../datasets/signature.js';
import type { Table } from '../datasets/table.js';
import { writeTable } from '../datasets/write-csv.js';
import { RiskopsError } from '../errors.js';
import { calledClass } from '../models/class-answer.js';
import { type HalfWidth, halfWidthOf } from '../models/intervals.js';
import { readModelFile } from '../models/model-file.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Predictor } from '../models/predictor.js';
import { findVersion } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { loadCurrent } from './load-current.js';
import { readModelRows } from './model-rows.js';

export interface ScoreRequest {
  model: string;
  /** A version's number; the current one when left out. */
  version?: string;
  file: string;
  out: string;
  /** Of a regression: how often the truth is to lie between the columns lower and upper. */
  interval?: number | null;
  /** Rules that every row must keep. */
  checks?: readonly Check[];
}

export interface ScoreResult {
  model: string;
  version: number;
  rows: number;
  out: string;
  notes: string[];
}

/**
 * Scores a CSV by the stored recipe and model, as the server does, and writes its rows with `prediction` (and `predicted_class`), or of
 * three or more classes with `predicted_class` and the probability of each. With `interval` also `lower` and `upper`.
 * @throws RiskopsError INPUT_INVALID naming the rows that break a check; OPTION_INVALID for an interval of probabilities
 */
export async function scoreFile(
  store: Store,
  { model, version, file, out, interval = null, checks = [] }: ScoreRequest,
): Promise<ScoreResult> {
  const target = checkOutput(store, file, out);
  const { predictor, number } = await choosePredictor(store, model, version);
  const { signature } = predictor.header;
  const width = interval === null ? null : halfWidthOf(predictor.header, interval);
  const table = await readRowsFor(predictor.header, file, `${model} version ${number}`);
  checkRows(table, checks, signature);
  const cells = encodeTable(table, signature);
  const predictions = predictor.predictCells(cells, table.rowCount);
  const added = new Map([...addedColumns(predictor, predictions), ...boundColumns(predictions, width)]);
  const replaced = table.columns.filter(({ name }) => added.has(name)).map(({ name }) => name);
  const feature = replaced.find((name) => signature.features.some((one) => one.name === name));
  if (feature !== undefined) throw takenName(feature);
  writeTable(target, table, added);
  const notes = replaced.map((name) => `The column ${name} of the file is replaced by this model's.`);
  return {
    model,
    version: number,
    rows: table.rowCount,
    out,
    notes: [
      ...notes,
      ...(width?.warning === undefined ? [] : [`lower and upper are empty. ${width.warning}`]),
      ...notesOn(cells, signature.features),
    ],
  };
}

/** The columns that are written beside those of the file, and the text of each row. */
function addedColumns(
  { header }: Predictor,
  predictions: Float64Array,
): Map<string, (row: number) => string> {
  const { task, classes, threshold } = header;
  const called = (row: number) =>
    String(calledClass({ ...header, threshold: threshold ?? 0.5 }, predictions, row));
  if (task !== 'multiclass' || classes === null) {
    const added = new Map([['prediction', (row: number) => String(predictions[row])]]);
    return classes === null ? added : added.set('predicted_class', called);
  }
  const added = new Map([['predicted_class', called]]);
  for (const [k, name] of classes.entries())
    added.set(`probability_${name}`, (row) => String(predictions[row * classes.length + k]));
  return added;
}

/** The bounds of the intervals; empty where none can be promised. */
function boundColumns(
  predictions: Float64Array,
  width: HalfWidth | null,
): [string, (row: number) => string][] {
  if (width === null) return [];
  const { halfWidth } = width;
  const bound = (sign: number) => (row: number) =>
    halfWidth === null ? '' : String(predictions[row] + sign * halfWidth);
  return [
    ['lower', bound(-1)],
    ['upper', bound(1)],
  ];
}

/** Holds every row to the rules, as the server does. */
function checkRows(table: Table, checks: readonly Check[], signature: Signature): void {
  if (checks.length === 0) return;
  const rowCheck = compileChecks(checks, signature);
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const broken = Array.from({ length: table.rowCount }, (_, row) =>
    rowCheck((field) => {
      const column = columns.get(field);
      return column === undefined ? undefined : cellValue(column, row);
    }, row),
  ).flat();
  if (broken.length > 0) throw brokenError('INPUT_INVALID', broken, { rows: table.rowCount, first: 1 });
}

/** The rows of a file with at least the model's columns; columns that the model does not take are kept and not used. */
async function readRowsFor(header: ModelHeader, file: string, who: string): Promise<Table> {
  try {
    return (await readModelRows(header, file)).table;
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'COLUMN_NOT_FOUND') throw error;
    throw new RiskopsError('INPUT_INVALID', {
      what: `${printable(file)} does not have the columns that ${who} takes.`,
      why: `${error.message} ${error.why ?? ''}`.trim(),
      details: error.details,
      cause: error,
    });
  }
}

/** The file to write. What is scored, what riskops itself keeps, and what is no plain file are never written over. */
function checkOutput({ places }: Store, file: string, out: string): string {
  const refuse = (why: string) =>
    new RiskopsError('OPTION_INVALID', {
      what: `The scores cannot be written to ${printable(out)}.`,
      why,
      fix: 'name another file with --out',
    });
  const stats = lstatSync(out, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile())
    throw refuse('It is a folder, a link or a device, and no plain file.');
  const target = realPath(out);
  if (target === realPath(file)) throw refuse('It is the file that is scored.');
  const inArtifacts = relative(realPath(places.artifacts), target);
  const kept = ['', '-wal', '-shm'].map((part) => `${realPath(places.database)}${part}`);
  const isOurs =
    (!inArtifacts.startsWith('..') && !isAbsolute(inArtifacts)) ||
    [...kept, realPath(places.currentModel)].includes(target) ||
    /(^|[\\/])riskops\.config\.(ts|mjs|json)$/.test(target);
  if (isOurs) throw refuse('It belongs to riskops itself.');
  return target;
}

/** The path without links, also of a file that is not there yet. */
function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    return dirname(whole) === whole
      ? whole
      : join(realPath(dirname(whole)), whole.slice(dirname(whole).length));
  }
}

function takenName(name: string): RiskopsError {
  return new RiskopsError('INPUT_INVALID', {
    what: `The file's column "${printable(name)}" has the name that the scores would have.`,
    why: 'The model takes this column, so it cannot be replaced.',
    fix: 'train with the column under another name',
  });
}

/** The model file of a version, or of the current one, checked. */
export async function choosePredictor(
  store: Store,
  model: string,
  version: string | undefined,
): Promise<{ predictor: Predictor; number: number }> {
  if (version === undefined) {
    const { entry, predictor } = await loadCurrent(store.places, model);
    return { predictor, number: entry.version };
  }
  const record = await findVersion(store, model, { version });
  return {
    predictor: await readModelFile(store.blobs.path(record.path), { sha256: record.sha256 }),
    number: record.version,
  };
}

/** How often a value was odd: a category that training never saw is scored as if it were missing, a missing value is filled in. */
function notesOn(cells: Float64Array, features: readonly Feature[]): string[] {
  return features.flatMap(({ name, type, nullable }, i) => {
    let [unseen, missing] = [0, 0];
    for (let at = i; at < cells.length; at += features.length) {
      if (Number.isNaN(cells[at])) missing++;
      else if (type === 'category' && cells[at] === -1) unseen++;
    }
    const never = nullable ? '' : ', which training never saw';
    return [
      ...(unseen === 0 ? [] : [`${counted(unseen)} a ${name} that training never saw.`]),
      ...(missing === 0 ? [] : [`${counted(missing)} no ${name}${never}.`]),
    ];
  });
}

const counted = (rows: number) => (rows === 1 ? '1 row has' : `${rows} rows have`);
