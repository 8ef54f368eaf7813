import Table from 'cli-table3';
import { printable } from '../util/text.js';

/** Only spaces between the columns: lines that people read and `awk` splits. */
const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [side + part, '']),
  ),
);

/** Rows under a header, in aligned columns; text from outside cannot reach the terminal's controls. */
export function formatTable(header: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  const table = new Table({
    chars: { ...NO_BORDERS, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  const shown = (cell: unknown) => (cell === null || cell === undefined ? '-' : printable(String(cell), 80));
  table.push(header.map(shown), ...rows.map((row) => row.map(shown)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
