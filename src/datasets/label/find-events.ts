import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { type Column, columnOf, type Table } from '../table.js';
import type { Condition, TimeToEvent } from './parse-label.js';

function wrongType(column: Column, needed: string): RiskopsError {
  return new RiskopsError('LABEL_INVALID', {
    what: `The column "${printable(column.name)}" cannot be tested as the label rule says.`,
    why: `It is of type ${column.type}, and ${needed}.`,
  });
}

/** The number in the column's cells that stands for the value; undefined when no cell can hold it. */
function cellOf(column: Column, value: string | number | boolean): number | undefined {
  if (column.type === 'category') {
    const code = column.categories.indexOf(String(value));
    return code < 0 ? undefined : code;
  }
  if (column.type === 'boolean') {
    if (typeof value !== 'boolean') throw wrongType(column, '"equals" must be true or false for it');
    return value ? 1 : 0;
  }
  if (column.type === 'date' || typeof value !== 'number')
    throw wrongType(column, '"equals" must be a number, and the column one of numbers');
  return value;
}

/** Whether a cell meets the condition; a missing one never does. */
function testOf(column: Column, condition: Condition): (cell: number) => boolean {
  if (condition.kind === 'equals') {
    const wanted = cellOf(column, condition.value);
    return (cell) => cell === wanted;
  }
  if (column.type !== 'number' && column.type !== 'integer')
    throw wrongType(column, `"${condition.kind}" needs numbers`);
  if (condition.kind === 'outside') return (cell) => cell < condition.low || cell > condition.high;
  const { bound } = condition;
  return condition.kind === 'above' ? (cell) => cell > bound : (cell) => cell < bound;
}

/** 1 for each row that is an event. COLUMN_NOT_FOUND, or LABEL_INVALID for a column that cannot be tested so. */
export function findEvents(table: Table, { any, atLeast }: TimeToEvent['event']): Uint8Array {
  const met = new Int32Array(table.rowCount);
  for (const condition of any) {
    const column = columnOf(table, condition.column);
    const test = testOf(column, condition);
    const cells = column.type === 'category' ? column.codes : column.values;
    for (let row = 0; row < cells.length; row++) if (test(cells[row])) met[row]++;
  }
  return Uint8Array.from(met, (count) => (count >= atLeast ? 1 : 0));
}
