import { join } from 'node:path';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { trimCell } from './cells.js';
import type { PartFile } from './folder-files.js';
import type { ReadContext } from './read-options.js';
import type { Column } from './table.js';
import { type FinishedColumn, finishTexts } from './text-column.js';

interface Partition {
  folder: string;
  key: string;
  files: readonly PartFile[];
  /** Of each file. */
  rowCounts: readonly number[];
  /** The files' own column of this name. */
  own: Column | undefined;
}

function isSame(a: Column, b: Column, row: number): boolean {
  if (a.type === 'category' && b.type === 'category')
    return b.codes[row] < 0 || a.categories[a.codes[row]] === b.categories[b.codes[row]];
  if (a.type === 'category' || b.type === 'category') return false;
  return Number.isNaN(b.values[row]) || a.values[row] === b.values[row];
}

/** A column that the files have too must say the same; a value that a file leaves out is taken from the folder. */
function checkSame(column: Column, own: Column, { folder, key, files, rowCounts }: Partition): void {
  let start = 0;
  for (const [i, { path, partition }] of files.entries()) {
    for (let row = start; row < start + rowCounts[i]; row++) {
      if (isSame(column, own, row)) continue;
      throw new RiskopsError('DATA_ROW_INVALID', {
        what: `${printable(join(folder, path), 400)}, row ${row - start + 1}: "${printable(key)}" is not ${JSON.stringify(partition.get(key))}.`,
        why: 'The folder that the file lies in says so, and the file has a column of this name.',
        fix: 'move the row to the folder it belongs to, or rename the column',
      });
    }
    start += rowCounts[i];
  }
}

/**
 * The column that the `key=value` folders give: the value of a file's folder in each of its rows. Its type is found as in a CSV,
 * or is that of the files' own column of this name, with which it must agree.
 */
export function partitionColumn(partition: Partition, { marks, rules }: ReadContext): FinishedColumn {
  const { key, files, rowCounts, own } = partition;
  const codes = new Int32Array(rowCounts.reduce((sum, rows) => sum + rows, 0));
  const codeOf = new Map<string, number>();
  const counts: number[] = [];
  const firstRows: number[] = [];
  let row = 0;
  for (const [i, file] of files.entries()) {
    const text = trimCell(file.partition.get(key) ?? '');
    let code = marks.words.has(text) ? -1 : codeOf.get(text);
    if (code === undefined) {
      code = codeOf.size;
      codeOf.set(text, code);
      counts.push(0);
      firstRows.push(row);
    }
    if (code >= 0) counts[code] += rowCounts[i];
    codes.fill(code, row, row + rowCounts[i]);
    row += rowCounts[i];
  }
  const type = rules.get(key)?.type ?? own?.type;
  const made = finishTexts({ name: key, texts: [...codeOf.keys()], counts, firstRows, codes }, type);
  if (own !== undefined && made.bad.length === 0) checkSame(made.column, own, partition);
  return made;
}
