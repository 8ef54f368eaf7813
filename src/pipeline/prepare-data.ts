import { readFileSync, statSync } from 'node:fs';
import { chooseFeatures, type FeatureChoice } from '../datasets/features-choice.js';
import { type DataSource, readTable } from '../datasets/read-csv.js';
import { parseSchema, readOptionsOf, type TableSchema } from '../datasets/schema.js';
import { splitRows } from '../datasets/split.js';
import { type Parts, parseSplit, type Split } from '../datasets/split-rule.js';
import { appendRows, columnNotFound, type Table } from '../datasets/table.js';
import { type EncodedTarget, encodeTarget } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import type { TrainPlan } from './train-plan.js';

/** The data of a plan, read and divided: what training learns from and what judges it. */
export interface PreparedData extends FeatureChoice {
  table: Table;
  schema: TableSchema;
  source: DataSource;
  /** The second file of a `file:` split. */
  testSource: DataSource | null;
  target: EncodedTarget;
  split: Split;
  parts: Parts;
}

export type DataPlan = Pick<
  TrainPlan,
  'data' | 'target' | 'task' | 'positive' | 'split' | 'seed' | 'drop' | 'keep'
>;

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

/** Reads the data, encodes the target, chooses the features and divides the rows. Nothing is fitted here. */
export async function prepareData(plan: DataPlan, known: TableSchema | null): Promise<PreparedData> {
  const split = parseSplit(plan.split);
  const options = known === null ? {} : readOptionsOf(known, { strict: true });
  const first = await readTable(plan.data, options);
  const names = first.schema.columns.map((column) => column.name);
  if (!names.includes(plan.target)) throw columnNotFound(plan.target, names);
  const second = split.kind === 'file' ? await readTable(split.path, readOptionsOf(first.schema)) : null;
  if (second?.source.sha256 === first.source.sha256) throw sameData(second.source.path);
  const table = second === null ? first.table : appendRows(first.table, second.table);
  const target = encodeTarget(table, plan.target, {
    task: plan.task ?? undefined,
    positive: plan.positive ?? undefined,
  });
  // Told from the first file, as its schema is: whether a column is an identifier depends on the number of rows.
  const choice = chooseFeatures(first.table, first.schema, {
    target: plan.target,
    drop: plan.drop,
    keep: plan.keep,
  });
  const parts = splitRows(split, table, { seed: plan.seed, target, firstFileRows: first.table.rowCount });
  return {
    ...choice,
    table,
    schema: first.schema,
    source: first.source,
    testSource: second?.source ?? null,
    target,
    split,
    parts,
  };
}
