import { RiskopsError } from '../../errors.js';
import { printable, suggestWord } from '../../util/text.js';
import { refuse } from './refuse.js';

const FORMS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

type Row = unknown[] | Record<string, unknown>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object by name, whatever the names are. */
function rowOf(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [i, name] of names.entries())
    Object.defineProperty(row, name, { value: values[i], enumerable: true });
  return row;
}

/** `{columns, data}` as pandas writes it with `orient="split"`; without columns the values are in the order of the signature. */
function rowsOfSplit(split: unknown): Row[] {
  if (!isObject(split) || !Array.isArray(split['data']) || !split['data'].every(Array.isArray))
    throw refuse('dataframe_split is no object with columns and data, an array of rows.');
  const data: unknown[][] = split['data'];
  const columns: unknown = split['columns'];
  if (columns === undefined) return data;
  if (!Array.isArray(columns) || !columns.every((name) => typeof name === 'string'))
    throw refuse('dataframe_split: its columns are no array of names.');
  const twice = columns.find((name, i) => columns.indexOf(name) < i);
  if (twice !== undefined)
    throw refuse(`dataframe_split: the column "${printable(twice, 80)}" is given twice.`);
  const wrong = data.findIndex((row) => row.length !== columns.length);
  if (wrong >= 0)
    throw refuse(
      `dataframe_split: row ${wrong} has ${data[wrong].length} values, and there are ${columns.length} columns.`,
    );
  return data.map((row) => rowOf(columns, row));
}

function rowsOfRecords(records: unknown): Row[] {
  if (Array.isArray(records) && records.every(isObject)) return records;
  throw refuse('dataframe_records is no array of objects.');
}

/** Objects, rows, or values of a model with one feature. */
function rowsOfList(form: string, list: readonly unknown[]): Row[] {
  if (list.every(isObject) || list.every(Array.isArray)) return list as Row[];
  if (list.every((value) => typeof value !== 'object' || value === null)) return list.map((value) => [value]);
  throw refuse(`${form} mixes objects, arrays and values.`);
}

/** A column's values; each may stand in an array of its own, as a tensor of shape [n, 1] does. */
function columnOf(name: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) return [value];
  const isNested = value.length > 0 && value.every((item) => Array.isArray(item) && item.length === 1);
  const flat: unknown[] = isNested ? value.map((item) => item[0]) : value;
  if (flat.every((item) => typeof item !== 'object' || item === null)) return flat;
  throw refuse(`inputs: the values of "${printable(name, 80)}" are no flat array.`);
}

function rowsOfColumns(inputs: Record<string, unknown>): Row[] {
  const names = Object.keys(inputs);
  const columns = names.map((name) => columnOf(name, inputs[name]));
  const rowCount = columns[0]?.length ?? 0;
  const other = columns.findIndex(({ length }) => length !== rowCount);
  if (other >= 0)
    throw refuse(
      `inputs: "${printable(names[other], 80)}" has ${columns[other].length} values, and "${printable(names[0], 80)}" has ${rowCount}.`,
    );
  return Array.from({ length: rowCount }, (_, row) =>
    rowOf(
      names,
      columns.map((column) => column[row]),
    ),
  );
}

function rowsIn(form: (typeof FORMS)[number], value: unknown): Row[] {
  if (form === 'dataframe_split') return rowsOfSplit(value);
  if (form === 'dataframe_records') return rowsOfRecords(value);
  if (Array.isArray(value)) return rowsOfList(form, value);
  if (form === 'inputs' && isObject(value)) return rowsOfColumns(value);
  throw refuse(`${form} is no array${form === 'inputs' ? ', and no object of columns' : ''}.`);
}

/** @throws RiskopsError TOO_MANY_ROWS, or for none */
export function checkRowCount(rowCount: number, most: number): void {
  if (rowCount === 0) throw refuse('The request has no rows.');
  if (rowCount <= most) return;
  throw new RiskopsError('TOO_MANY_ROWS', {
    what: `The request has ${rowCount} rows.`,
    why: `The limit is ${most}.`,
    fix: `send at most ${most} rows at a time, or stream them as application/x-ndjson`,
    details: { rows: rowCount, limit: most },
  });
}

/**
 * The rows and the parameters of a scoring request.
 * @throws RiskopsError BODY_INVALID, TOO_MANY_ROWS
 */
export function readScoringRequest(body: unknown, maxRows: number): { rows: Row[]; params: unknown } {
  const wanted = `exactly one of ${FORMS.join(', ')}`;
  if (!isObject(body)) throw refuse(`The input must be a JSON object with ${wanted}.`);
  const { params, ...given } = body;
  const keys = Object.keys(given);
  const unknown = keys.find((key) => !(FORMS as readonly string[]).includes(key));
  if (unknown !== undefined)
    throw refuse(
      `The input has the unknown field "${printable(unknown, 40)}"; ${suggestWord(unknown, [...FORMS, 'params'])}`,
    );
  if (keys.length !== 1)
    throw refuse(`The input must be a JSON object with ${wanted}; it has ${keys.length}.`);
  const [form] = keys as (typeof FORMS)[number][];
  const rows = rowsIn(form, given[form]);
  checkRowCount(rows.length, maxRows);
  return { rows, params };
}
