import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { firstMissing, ranksOf, rowsInOrder } from '../sort-rows.js';
import { type Column, columnOf, type NumericColumn, type Table, takeRows } from '../table.js';
import { findEvents } from './find-events.js';
import type { Label, LabelUnit } from './parse-label.js';

export interface LabelReport {
  kind: Label['kind'];
  name: string;
  unit: LabelUnit;
  /** Rows with a label. */
  rows: number;
  /** Series, told apart by the group column. */
  groups: number;
  /** Rows that are an event; the last row of each series in a run to failure. */
  events: number;
  /** Rows behind the last event of their series, whose time to the next one nobody knows. */
  censored: number;
  censoredWere: 'dropped' | 'capped';
  /** Rows whose label was greater than the cap; censored rows are not among them. */
  capped: number;
  /** The columns that the label is made of: they tell it, and a model that sees them may only repeat it. */
  definedBy: string[];
}

interface Series {
  /** Each row's series; null when the table is one. */
  group: ArrayLike<number> | null;
  time: NumericColumn;
  /** Rows by series and time. */
  order: Int32Array;
}

const MILLISECONDS = { hours: 3_600_000, days: 86_400_000 };

function badTime(column: Column, unit: LabelUnit): RiskopsError | undefined {
  const refuse = (why: string, fix: string) =>
    new RiskopsError('LABEL_INVALID', {
      what: `The column "${printable(column.name)}" cannot be the time of the label rule.`,
      why: `It is of type ${column.type}, ${why}.`,
      fix,
    });
  if (column.type === 'category' || column.type === 'boolean')
    return refuse('and neither a date nor a number', 'name another column in "time"');
  if ((unit === 'hours' || unit === 'days') && column.type !== 'date')
    return refuse(`and ${unit} need a date`, 'write "unit": "cycles" or "rows"');
  if (unit === 'cycles' && column.type === 'date')
    return refuse('and cycles need a number', 'write "unit": "hours", "days" or "rows"');
  return undefined;
}

function badRow(row: number, what: string, why: string): RiskopsError {
  return new RiskopsError('DATA_ROW_INVALID', { what: `Row ${row + 1}: ${what}`, why, details: { row } });
}

function readSeries(table: Table, { time: timeName, group: groupName, unit }: Label): Series {
  const time = columnOf(table, timeName);
  const refused = badTime(time, unit);
  if (refused) throw refused;
  const group = groupName === null ? undefined : columnOf(table, groupName);
  for (const column of group === undefined ? [time] : [time, group]) {
    const row = firstMissing(column);
    if (row >= 0)
      throw badRow(row, `"${printable(column.name)}" is missing.`, 'The label rule orders the rows by it.');
  }
  const order = rowsInOrder(table.rowCount, group === undefined ? [time] : [group, time]);
  const ids = group === undefined ? null : ranksOf(group);
  const series = { group: ids, time: time as NumericColumn, order };
  if (unit === 'rows') checkNoTies(series, timeName);
  return series;
}

/** Two rows of one moment have no order, so rows between them cannot be counted. */
function checkNoTies({ group, time, order }: Series, name: string): void {
  for (let i = 1; i < order.length; i++) {
    const [before, row] = [order[i - 1], order[i]];
    if (time.values[row] !== time.values[before] || (group !== null && group[row] !== group[before]))
      continue;
    const why =
      'Rows of one time have no order to count by: name a "group", reshape the rows, or choose another unit.';
    throw badRow(row, `it has the same "${printable(name)}" as row ${before + 1} of its series.`, why);
  }
}

/** The last rows of the series, as events. */
function seriesEnds({ group, order }: Series): Uint8Array {
  const ends = new Uint8Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const isLast = i + 1 === order.length || (group !== null && group[order[i + 1]] !== group[order[i]]);
    if (isLast) ends[order[i]] = 1;
  }
  return ends;
}

/** Time from each row to the next event of its series, 0 at an event; NaN behind the last one. */
function timesToEvent({ group, time, order }: Series, events: Uint8Array, unit: LabelUnit): Float64Array {
  const times = new Float64Array(order.length).fill(Number.NaN);
  const step = unit === 'hours' || unit === 'days' ? MILLISECONDS[unit] : 1;
  let next = -1;
  for (let i = order.length - 1; i >= 0; i--) {
    const row = order[i];
    if (next >= 0 && group !== null && group[order[next]] !== group[row]) next = -1;
    if (events[row] === 1) next = i;
    if (next < 0) continue;
    times[row] = unit === 'rows' ? next - i : (time.values[order[next]] - time.values[row]) / step;
  }
  // Of rows at one time, one that comes behind the event is at the event too.
  for (let i = 1; i < order.length; i++) {
    const [before, row] = [order[i - 1], order[i]];
    const isTogether =
      time.values[row] === time.values[before] && (group === null || group[row] === group[before]);
    if (isTogether && times[before] === 0) times[row] = 0;
  }
  return times;
}

function countSeries({ group, order }: Series): number {
  if (group === null) return 1;
  return order.reduce((count, row, i) => count + (i === 0 || group[order[i - 1]] !== group[row] ? 1 : 0), 0);
}

function isWhole(unit: LabelUnit, time: NumericColumn, cap: number | null): boolean {
  return (
    (cap === null || Number.isInteger(cap)) &&
    (unit === 'rows' || (unit === 'cycles' && time.type === 'integer'))
  );
}

function definedBy(label: Label): string[] {
  const tested = label.kind === 'time-to-event' ? label.event.any.map(({ column }) => column) : [];
  return [...new Set([label.time, ...(label.group === null ? [] : [label.group]), ...tested])];
}

/** The rows that have a label, and the label of each. */
function settle(times: Float64Array, { cap, ...label }: Label) {
  const drop = label.kind === 'run-to-failure' || label.censored === 'drop';
  const rows: number[] = [];
  const values: number[] = [];
  let [censored, capped] = [0, 0];
  for (const [row, time] of times.entries()) {
    const isCensored = Number.isNaN(time);
    if (isCensored) censored++;
    if (isCensored && drop) continue;
    if (cap !== null && time > cap) capped++;
    rows.push(row);
    values.push(cap === null ? time : isCensored ? cap : Math.min(time, cap));
  }
  return { rows, values, censored, capped, censoredWere: drop ? ('dropped' as const) : ('capped' as const) };
}

/**
 * The table with the label as a new last column, rows in their order: the time to the next event of the same series, 0 at an
 * event. Rows behind the last event are censored: left out, or given the cap, and counted.
 *
 * Errors: COLUMN_NOT_FOUND; LABEL_INVALID for a column of the wrong type, or a name that is taken; DATA_ROW_INVALID for a
 * row without a time or group; TARGET_INVALID when there is no event.
 */
export function labelTable(table: Table, label: Label): { table: Table; report: LabelReport } {
  if (table.columns.some(({ name }) => name === label.name))
    throw new RiskopsError('LABEL_INVALID', {
      what: `The data has a column "${printable(label.name)}" already.`,
      why: 'The label would take its name.',
      fix: 'give the label another "name"',
    });
  const series = readSeries(table, label);
  const events = label.kind === 'time-to-event' ? findEvents(table, label.event) : seriesEnds(series);
  const count = events.reduce((sum, event) => sum + event, 0);
  if (count === 0)
    throw new RiskopsError('TARGET_INVALID', {
      what: 'No row is an event, so no row has a time to one.',
      why: `None of the ${table.rowCount} rows meets what the label rule asks for.`,
      fix: 'mend the bounds in "event", or lower "atLeast"',
    });
  const { rows, values, ...counts } = settle(timesToEvent(series, events, label.unit), label);
  const type = isWhole(label.unit, series.time, label.cap) ? 'integer' : 'number';
  const made: NumericColumn = { name: label.name, type, values: Float64Array.from(values) };
  const kept = rows.length === table.rowCount ? table : takeRows(table, rows);
  const report: LabelReport = {
    ...{ kind: label.kind, name: label.name, unit: label.unit },
    ...{ rows: rows.length, groups: countSeries(series), events: count, ...counts },
    definedBy: definedBy(label),
  };
  return { table: { rowCount: rows.length, columns: [...kept.columns, made] }, report };
}
