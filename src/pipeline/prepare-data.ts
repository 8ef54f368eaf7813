import { readFileSync, statSync } from 'node:fs';
import { chooseFeatures, type FeatureChoice } from '../datasets/features-choice.js';
import { foreignHints } from '../datasets/foreign-texts.js';
import { progressText } from '../datasets/progress.js';
import { type DataSource, readTable } from '../datasets/read-table.js';
import { parseSchema, readOptionsOf, type TableSchema } from '../datasets/schema.js';
import type { ColumnRoles } from '../datasets/signature.js';
import { splitRows } from '../datasets/split.js';
import { type Parts, parseSplit, type Split } from '../datasets/split-rule.js';
import { appendRows, columnNotFound, columnOf, type Table } from '../datasets/table.js';
import { type EncodedTarget, encodeTarget } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import type { StepConfig } from '../features/recipe.js';
import { columnsNamed } from '../features/recipe-file.js';
import { printable } from '../util/text.js';
import { describeTable, shapeData } from './shape-data.js';
import { aheadOf, type DataPlan } from './train-plan.js';

/** The data of a plan, read and divided: what training learns from and what judges it. */
export interface PreparedData extends FeatureChoice {
  table: Table;
  /** Of the columns as they were read: how to read the same data again. */
  schema: TableSchema;
  source: DataSource;
  /** The second file of a `file:` split. */
  testSource: DataSource | null;
  target: EncodedTarget;
  split: Split;
  parts: Parts;
  /** The columns that order the rows, and those that are known only up to the row before. */
  roles: ColumnRoles;
  /** One a row of the table; null when all count the same. */
  weights: Float64Array | null;
  /** What a person should know of how the rows and the target were made. */
  notes: string[];
}

/** Reads the schema file of a plan: the columns' types as a person left them. */
export function readSchemaFile(path: string): TableSchema {
  let text: string;
  try {
    if (!statSync(path).isFile()) throw new Error('It is not a plain file.');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new RiskopsError('DATA_FILE_NOT_FOUND', {
      what: `The schema file ${path} cannot be read.`,
      why: (error as Error).message,
      fix: 'riskops init writes one',
      cause: error,
    });
  }
  return parseSchema(text);
}

function sameData(path: string): RiskopsError {
  return new RiskopsError('SPLIT_INVALID', {
    what: `${path} holds the training rows themselves.`,
    why: 'It has the same bytes as the data: a model would be judged on what it learned by heart.',
    fix: 'riskops train --split random:0.2',
  });
}

/** The weights of the rows: above 0 and finite. */
function weightsOf(table: Table, name: string | null): Float64Array | null {
  if (name === null) return null;
  const column = columnOf(table, name);
  const refuse = (why: string) =>
    new RiskopsError('OPTION_INVALID', {
      what: `The column "${printable(name)}" cannot be the weights.`,
      why,
      fix: 'riskops train --weights COLUMN, a column of numbers above 0',
    });
  if (column.type !== 'number' && column.type !== 'integer') throw refuse(`It is of type ${column.type}.`);
  const bad = column.values.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
  if (bad >= 0) throw refuse(`Row ${bad + 1} has ${column.values[bad]}; a weight is a number above 0.`);
  return column.values;
}

/** The columns that say what a row is and are nothing to learn from by themselves. */
function ownColumns({ time, group, weights }: DataPlan, names: readonly string[]): Map<string, string> {
  for (const [flag, name] of Object.entries({ time, series: group, weights }))
    if (name !== null && !names.includes(name))
      throw columnNotFound(name, names, `riskops train --${flag} COLUMN`);
  const own = new Map<string, string>();
  if (weights !== null) own.set(weights, 'the weights');
  if (group !== null) own.set(group, 'tells the series apart');
  if (time !== null) own.set(time, 'orders the rows');
  return own;
}

/** A forecaster knows its target, and every number beside it, up to the row before alone. */
function rolesOf(plan: DataPlan, table: Table, features: string[]): ColumnRoles {
  const { time, group, horizon, target } = plan;
  const isNumber = (name: string) => columnOf(table, name).type !== 'category';
  const past = horizon === null ? [] : [...features.filter(isNumber), target];
  return { time: time ?? undefined, group: group ?? undefined, past, ahead: aheadOf(plan) };
}

function checkOrder({ horizon, time, group }: DataPlan): void {
  if (group !== null && time === null)
    throw new RiskopsError('OPTION_INVALID', {
      what: 'The series have no order.',
      why: '--series was given, and no --time.',
      fix: 'riskops train --series COLUMN --time COLUMN; to hold out whole groups: --split group:COLUMN:0.2',
    });
  if (horizon === null || time !== null) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: 'A forecast needs to know which column orders the rows.',
    why: '--horizon was given, and no --time.',
    fix: 'riskops train --horizon 12 --time COLUMN',
  });
}

/**
 * Reads the data, makes the rows and the target where the plan says how, chooses the features and divides the rows. Nothing is fitted
 * here.
 */
export async function prepareData(
  plan: DataPlan & { recipe?: readonly StepConfig[] },
  known: TableSchema | null,
  onProgress: (text: string) => void = () => {},
): Promise<PreparedData> {
  checkOrder(plan);
  const split = parseSplit(plan.split);
  const options = known === null ? {} : readOptionsOf(known, { strict: true });
  const started = performance.now();
  const first = await readTable(plan.data, {
    ...options,
    onProgress({ bytes, of, rows }) {
      const text = progressText(
        'reading the data',
        { done: of === 0 ? rows : bytes / 1e6, of: of / 1e6, unit: of === 0 ? 'rows' : 'MB' },
        performance.now() - started,
      );
      if (text !== undefined) onProgress(text);
    },
  });
  const second = split.kind === 'file' ? await readTable(split.path, readOptionsOf(first.schema)) : null;
  if (second?.source.sha256 === first.source.sha256) throw sameData(second.source.path);
  const made = shapeData(first.table, plan);
  const schema = made.table === first.table ? first.schema : describeTable(made.table, first.schema.missing);
  const names = schema.columns.map(({ name }) => name);
  if (!names.includes(plan.target)) throw columnNotFound(plan.target, names);
  const table = second === null ? made.table : appendRows(made.table, shapeData(second.table, plan).table);
  const target = encodeTarget(table, plan.target, {
    task: plan.task ?? undefined,
    positive: plan.positive ?? undefined,
  });
  const own = ownColumns(plan, names);
  // Told from the first file, as its schema is: whether a column is an identifier depends on the number of rows.
  const choice = chooseFeatures(made.table, schema, {
    target: plan.target,
    drop: [...new Set([...plan.drop, ...own.keys()])],
    keep: plan.keep.filter((name) => !own.has(name)),
    needed: columnsNamed(plan.recipe ?? []),
    mayBeEmpty: plan.horizon !== null,
  });
  const parts = splitRows(split, table, { seed: plan.seed, target, firstFileRows: made.table.rowCount });
  return {
    features: choice.features,
    leftOut: choice.leftOut.map(({ name, reason }) => ({ name, reason: own.get(name) ?? reason })),
    table,
    schema: first.schema,
    source: first.source,
    testSource: second?.source ?? null,
    target,
    split,
    parts,
    roles: rolesOf(plan, table, choice.features),
    weights: weightsOf(table, plan.weights),
    notes: [...made.notes, ...foreignHints(first.schema, [...plan.drop, ...plan.keep])],
  };
}
