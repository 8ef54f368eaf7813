import { resolve } from 'node:path';
import { duplicateRowsAcross } from '../datasets/duplicates.js';
import { parseSchema } from '../datasets/schema.js';
import { splitKeys } from '../datasets/split-column.js';
import { parseSplit } from '../datasets/split-rule.js';
import { columnOf, type Table } from '../datasets/table.js';
import { RiskopsError } from '../errors.js';
import { seasonOf } from '../evaluation/baselines.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { readArtifact } from '../tracking/read-artifact.js';
import { sha256 } from '../util/files.js';
import { identityOf } from './leaks/duplicates.js';
import { type PreparedData, prepareData } from './prepare-data.js';
import { recordedPath, recordedSource, sourceExists, usableSource } from './source-paths.js';
import { aheadOf, type DataPlan, dataDefaults } from './train-plan.js';

/** The rows a candidate was held out from, and what a judge needs beside them. */
export interface Holdout {
  /** All rows of the data: the history of those that are held out. */
  table: Table;
  /** The held-out ones among them. */
  rows: Int32Array;
  y: Float64Array;
  trainingTarget: Float64Array;
  /** The rows that the model learns from, and the target of every row of the table. */
  training: { rows: Int32Array; y: Float64Array };
  /** Both targets are series in time order: one, or those that `series` names. */
  inTimeOrder: boolean;
  /** The time of each held-out row under a `time:` split; null under any other. */
  times: Float64Array | null;
  /** Of a forecaster of several series: the series of each training and each held-out row. */
  series: { training: Int32Array; holdout: Int32Array } | null;
  /** How many rows before a row the newest one lies that a forecaster knows; 1 for any other model. */
  ahead: number;
  /** Rows in one season of a series, told from the steps of its times; null where there is none. */
  season: number | null;
  /** Held-out rows with an exact twin, target included, among the training rows. */
  twins: number;
  facts: HoldoutFacts;
}

/** Whether the steps of the training target are steps of one series, so that errors can be scaled by them (MASE). */
export function isOneSeries({ inTimeOrder, series }: Holdout): boolean {
  return inTimeOrder && series === null;
}

/** What identifies a holdout: written into the model file and the gate report. */
export interface HoldoutFacts {
  data: string;
  data_sha256: string;
  test_data: string | null;
  test_data_sha256: string | null;
  split: string;
  seed: number;
  rows: number;
  /** SHA-256 over data, and the numbers and targets of the held-out rows. */
  sha256: string;
}

/** The plan's part that decides which rows are held out; kept as an artifact of the run. */
export interface DataRecord extends Omit<DataPlan, 'data'> {
  /** As `HoldoutFacts.data`. */
  data: string;
}

export const DATA_RECORD = 'data.json';
export const SCHEMA_RECORD = 'schema.json';

/** A split rule for the record: the file of `file:PATH` as `recordedPath`. */
export function recordedSplit(root: string, split: string): string {
  const rule = parseSplit(split);
  return rule.kind === 'file' ? `file:${recordedPath(root, resolve(rule.path))}` : split;
}

/** The rule of a record, to be used from any folder. */
function usableSplit(root: string, recorded: string): string {
  const rule = parseSplit(recorded);
  return rule.kind === 'file' ? `file:${resolve(root, rule.path)}` : recorded;
}

export function holdoutOf(plan: DataPlan, prepared: PreparedData, root: string): Holdout {
  const { table, target, parts, split, source, testSource } = prepared;
  const pick = (rows: Int32Array) => Float64Array.from(rows, (row) => target.y[row]);
  const y = pick(parts.test);
  const series = seriesOf(plan, prepared);
  const identity = [
    source.sha256,
    testSource?.sha256 ?? '',
    sha256(new Uint8Array(parts.test.buffer, parts.test.byteOffset, parts.test.byteLength)),
    sha256(new Uint8Array(y.buffer)),
  ];
  return {
    table,
    rows: parts.test,
    y,
    trainingTarget: pick(parts.train),
    training: { rows: parts.train, y: target.y },
    inTimeOrder: split.kind === 'time' && (series !== null || hasOneRowATime(prepared)),
    times: timesOf(prepared),
    series,
    ahead: aheadOf(plan),
    season: seasonAmong(prepared),
    twins: duplicateRowsAcross(
      table,
      identityOf(prepared.features, target.name, prepared.roles),
      parts.train,
      parts.test,
    ),
    facts: {
      data: recordedSource(root, plan.data),
      data_sha256: source.sha256,
      test_data: testSource === null ? null : recordedPath(root, resolve(testSource.path)),
      test_data_sha256: testSource?.sha256 ?? null,
      split: recordedSplit(root, plan.split),
      seed: plan.seed,
      rows: parts.test.length,
      sha256: sha256(identity.join('\n')),
    },
  };
}

function timesOf({ split, table, parts }: PreparedData): Float64Array | null {
  if (split.kind !== 'time') return null;
  const keys = splitKeys(table, split.column, parts.test, 'time');
  return Float64Array.from(parts.test, (row) => keys[row]);
}

/** What a forecaster's rows belong to; the order of one series is that of its rows. */
function seriesOf({ horizon, group }: DataPlan, { table, parts }: PreparedData): Holdout['series'] {
  if (horizon === null || group === null) return null;
  const rows = new Int32Array(table.rowCount).map((_, row) => row);
  const keys = splitKeys(table, group, rows, 'group');
  const numbers = new Map<number, number>();
  const ids = (part: Int32Array) =>
    part.map((row) => {
      const id = numbers.get(keys[row]) ?? numbers.size;
      numbers.set(keys[row], id);
      return id;
    });
  return { training: ids(parts.train), holdout: ids(parts.test) };
}

/** What a season is, from the different times of the rows; only dates have one. */
function seasonAmong({ split, table, parts }: PreparedData): number | null {
  if (split.kind !== 'time') return null;
  const column = columnOf(table, split.column);
  if (column.type !== 'date') return null;
  const { values } = column;
  const times = new Set(Array.from(parts.train, (row) => values[row]));
  return seasonOf(Float64Array.from(times).sort());
}

/** Rows of a time split are one series when no time occurs twice; many things at a time are a panel. */
function hasOneRowATime({ split, table, parts }: PreparedData): boolean {
  if (split.kind !== 'time') return false;
  const column = table.columns.find(({ name }) => name === split.column);
  if (!column || column.type === 'category') return false;
  const rows = [...parts.train, ...parts.test];
  return new Set(rows.map((row) => column.values[row])).size === rows.length;
}

/**
 * The holdout of a version, read again from its data and compared with what was recorded.
 * @throws HOLDOUT_UNAVAILABLE when the data is gone, was changed, or gives other rows
 */
export async function rebuildHoldout(
  store: Store,
  version: VersionRecord,
  expected: HoldoutFacts,
  root: string,
): Promise<Holdout> {
  const unavailable = (why: string, cause?: unknown) =>
    new RiskopsError('HOLDOUT_UNAVAILABLE', {
      what: `The rows that judge ${version.model} version ${version.version} cannot be read again.`,
      why,
      cause,
    });
  const artifact = async (name: string): Promise<string> => {
    const { bytes, why } = await readArtifact(store, version.run_id, name);
    if (bytes === null) throw unavailable(`Its run cannot say which rows they were: ${why}.`);
    return bytes.toString('utf8');
  };
  const record = JSON.parse(await artifact(DATA_RECORD)) as DataRecord;
  const plan: DataPlan = {
    ...dataDefaults,
    ...record,
    data: usableSource(root, record.data),
    split: usableSplit(root, record.split),
  };
  for (const path of [record.data, expected.test_data])
    if (path !== null && !sourceExists(usableSource(root, path))) throw unavailable(`${path} is gone.`);
  const holdout = holdoutOf(plan, await prepareData(plan, parseSchema(await artifact(SCHEMA_RECORD))), root);
  if (holdout.facts.data_sha256 !== expected.data_sha256)
    throw unavailable(`${record.data} was changed since: its SHA-256 is another.`);
  if (holdout.facts.test_data_sha256 !== expected.test_data_sha256)
    throw unavailable(`${expected.test_data} was changed since: its SHA-256 is another.`);
  if (holdout.facts.sha256 !== expected.sha256)
    throw unavailable('The split gives other rows than it gave in training.');
  return holdout;
}
