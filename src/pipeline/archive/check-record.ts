import { type Kysely, sql } from 'kysely';
import { parseStrictJson } from '../../models/strict-json.js';
import { canonicalName } from '../../registry/models.js';
import type { Database } from '../../storage/database/schema.js';
import { checkArtifactPath } from '../../tracking/artifacts.js';
import { checkName, checkText } from '../../tracking/run-values.js';
import { numberFromJson } from '../../util/json.js';
import { printable } from '../../util/text.js';
import { archiveInvalid } from './manifest.js';
import { type ArchiveRecord, atPlace } from './records.js';

/** The table of each kind of record, and the columns that are not in it: they are the store's own matter, or go without saying. */
const TABLES = {
  run: { table: 'runs', without: ['sequence'] },
  param: { table: 'params', without: ['run_id'] },
  tag: { table: 'tags', without: ['run_id'] },
  artifact: { table: 'artifacts', without: ['run_id', 'blob'] },
  metric: { table: 'metrics', without: ['run_id', 'metric', 'special'] },
  model: { table: 'models', without: [] },
  version: { table: 'versions', without: ['path'] },
  promotion: { table: 'promotions', without: [] },
  current: { table: 'current_versions', without: [] },
  mark: { table: 'version_marks', without: [] },
  alias: { table: 'aliases', without: [] },
  holdout_use: { table: 'holdout_uses', without: [] },
  segment: { table: 'prediction_segments', without: [] },
  outcome: { table: 'outcomes', without: ['sequence'] },
} as const;

type RecordKind = keyof typeof TABLES;

interface Column {
  name: string;
  type: string;
  required: boolean;
}

/** A column's value as the database takes it. */
export type Row = Record<string, string | number | null>;

const RUN_ID = /^[0-9a-f]{32}$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** A folder's name below `runs/`; what begins with `_` is riskops' own. */
const DIR_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,150}$/;
const STATUS = /^(RUNNING|FINISHED|FAILED|KILLED)$/;
const LEARNER = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** Longer than any text that riskops writes but the content of predictions. */
const TEXT_BYTES = 2 ** 21;

/** Checks records against the columns of this store's tables, and what riskops itself would refuse to write. */
export class RecordChecker {
  private constructor(private readonly columns: ReadonlyMap<string, readonly Column[]>) {}

  static async of(db: Kysely<Database>): Promise<RecordChecker> {
    const columns = new Map<string, Column[]>();
    for (const [kind, { table, without }] of Object.entries(TABLES)) {
      const { rows } = await sql<{ name: string; type: string; notnull: number }>`
        SELECT name, type, "notnull" FROM pragma_table_info(${table})`.execute(db);
      const own = rows.filter(({ name }) => !(without as readonly string[]).includes(name));
      columns.set(
        kind,
        own.map(({ name, type, notnull }) => ({ name, type, required: notnull === 1 })),
      );
    }
    return new RecordChecker(columns);
  }

  /** The record as a row. @throws ARCHIVE_INVALID */
  row({ kind, value, place }: ArchiveRecord): Row {
    const columns = this.columns.get(kind) ?? [];
    const unknown = Object.keys(value).find((key) => !columns.some(({ name }) => name === key));
    if (columns.length === 0 || unknown !== undefined)
      throw archiveInvalid(
        `${place} has ${printable(unknown ?? kind, 80)}, which this riskops does not know`,
      );
    const row: Row = Object.fromEntries(
      columns.map((column) => [column.name, cellOf(column, value[column.name], kind, place)]),
    );
    atPlace(place, () => CHECKS[kind as RecordKind]?.(row, place));
    return row;
  }
}

function cellOf({ name, type, required }: Column, given: unknown, kind: string, place: string): Row[string] {
  // A metric's value is a number of any kind; how the database keeps the odd ones is its own matter.
  const isNumber = type === 'REAL' || type === 'INTEGER';
  const wrong = () => archiveInvalid(`${place}: "${name}" is not what it should be`);
  if (given === null || given === undefined) {
    if (required || (kind === 'metric' && name === 'value')) throw wrong();
    return null;
  }
  if (isNumber) {
    const number = numberFromJson(given);
    if (number === undefined || (type === 'INTEGER' && !Number.isSafeInteger(number))) throw wrong();
    return number;
  }
  if (typeof given !== 'string' || /[\ud800-\udfff]/u.test(given)) throw wrong();
  if (type === 'TEXT' && Buffer.byteLength(given) > TEXT_BYTES) throw wrong();
  return given;
}

const CHECKS: { [K in RecordKind]?: (row: Row, place: string) => void } = {
  run(row, place) {
    need(place, 'run_id', RUN_ID.test(String(row['run_id'])));
    need(place, 'parent_run_id', row['parent_run_id'] === null || RUN_ID.test(String(row['parent_run_id'])));
    need(place, 'dir_name', DIR_NAME.test(String(row['dir_name'])));
    need(place, 'status', STATUS.test(String(row['status'])));
    need(place, 'model', row['model'] === null || canonicalName(String(row['model'])) === row['model']);
    need(place, 'duration_ms', row['duration_ms'] === null || Number(row['duration_ms']) >= 0);
    for (const name of ['created_at', 'heartbeat_at']) need(place, name, isTime(row[name]));
    if (row['environment_json'] !== null)
      parseJson(place, 'environment_json', String(row['environment_json']));
    checkName('kind', String(row['kind']));
    for (const name of ['note', 'error', 'name', 'group_name', 'host'])
      if (row[name] !== null) checkText(name, '', String(row[name]));
  },
  param: ({ key, value }) => checkPair('parameter', String(key), String(value)),
  tag: ({ key, value }) => checkPair('tag', String(key), String(value)),
  artifact(row, place) {
    checkArtifactPath(String(row['path']));
    checkName('kind', String(row['kind']));
    need(place, 'sha256', SHA256.test(String(row['sha256'])));
    need(place, 'bytes', Number(row['bytes']) >= 0);
  },
  metric: ({ key }) => checkName('metric', String(key)),
  model(row, place) {
    need(place, 'name', canonicalName(String(row['name'])) === row['name']);
    need(place, 'last_version', Number(row['last_version']) >= 0);
  },
  version(row, place) {
    need(place, 'version', Number(row['version']) >= 1);
    need(place, 'run_id', RUN_ID.test(String(row['run_id'])));
    need(place, 'learner', LEARNER.test(String(row['learner'])));
    for (const name of ['sha256', 'content_sha256']) need(place, name, SHA256.test(String(row[name])));
    const metrics = parseJson(place, 'metrics_json', String(row['metrics_json']));
    const values = typeof metrics === 'object' && metrics !== null ? Object.values(metrics) : [undefined];
    need(
      place,
      'metrics_json',
      values.every((value) => numberFromJson(value) !== undefined),
    );
  },
  outcome(row, place) {
    need(
      place,
      'prediction_id',
      row['prediction_id'] !== null || (row['entity'] !== null && row['model'] !== null),
    );
    for (const name of ['observed_at', 'received_at']) need(place, name, isTime(row[name]));
    parseJson(place, 'value_json', String(row['value_json']));
  },
};

function need(place: string, name: string, holds: boolean): void {
  if (!holds) throw archiveInvalid(`${place}: "${name}" is not what it should be`);
}

function checkPair(what: string, key: string, value: string): void {
  checkName(what, key);
  checkText(what, key, value);
}

function isTime(value: Row[string]): boolean {
  return typeof value === 'string' && value.length <= 40 && Number.isFinite(Date.parse(value));
}

function parseJson(place: string, name: string, text: string): unknown {
  try {
    return parseStrictJson(text, { depth: 20, values: 100_000 });
  } catch {
    throw archiveInvalid(`${place}: "${name}" is not JSON`);
  }
}
