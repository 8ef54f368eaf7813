import { type Marks, numberKind, trimCell } from './cells.js';
import { FLAG, MODE, type Mode, type RawText, type ScanKernel } from './csv-scan-kernel.js';
import type { ColumnType } from './table.js';
import { type FinishedColumn, finishTexts } from './text-column.js';

/** A column while it is scanned. */
export class ScannedColumn {
  private values: Float64Array | Int32Array;
  private count = 0;

  constructor(
    readonly name: string,
    /** Known from a rule. */
    readonly type: ColumnType | undefined,
    /** SKIP when it is read by another pass. */
    public mode: Mode,
  ) {
    this.values = mode === MODE.TEXT ? new Int32Array(0) : new Float64Array(0);
  }

  /** Takes over the rows of the kernel's block; `room` is how many rows there may be in all. */
  take(kernel: ScanKernel, column: number, rows: number, room: number): void {
    const isText = this.mode === MODE.TEXT;
    if (this.count + rows > this.values.length) {
      const length = Math.max(this.count + rows, room, Math.ceil(this.values.length * 1.5));
      const larger = isText ? new Int32Array(length) : new Float64Array(length);
      larger.set(this.values.subarray(0, this.count));
      this.values = larger;
    }
    this.values.set(isText ? kernel.codes(column, rows) : kernel.numbers(column, rows), this.count);
    this.count += rows;
  }

  /** Gives up the rows so far: another pass reads the column. */
  drop(): void {
    this.mode = MODE.SKIP;
    this.values = new Float64Array(0);
  }

  set(row: number, value: number): void {
    this.values[row] = value;
  }

  /** The column of numbers; undefined when its numbers are to be read as texts. */
  finishNumbers(flags: number): FinishedColumn | undefined {
    const { name, type } = this;
    const values = this.whole() as Float64Array;
    if (type === 'integer' && (flags & (FLAG.DECIMAL | FLAG.UNSAFE)) !== 0) return undefined;
    if (type === 'number' || type === 'integer') return { column: { name, type, values }, bad: [] };
    if (flags === 0) {
      const codes = new Int32Array(this.count).fill(-1);
      return finishTexts({ name, texts: [], counts: [], firstRows: [], codes }, type);
    }
    const hasDecimals = (flags & (FLAG.DECIMAL | FLAG.WHOLE_DECIMAL)) !== 0;
    if ((flags & FLAG.PADDED) !== 0 || ((flags & FLAG.UNSAFE) !== 0 && !hasDecimals)) return undefined;
    return { column: { name, type: hasDecimals ? 'number' : 'integer', values }, note: undefined, bad: [] };
  }

  /** The column of texts, by its distinct bytes; undefined when a text is not UTF-8. */
  finishTexts(raw: readonly RawText[], marks: Marks): FinishedColumn | undefined {
    const { name, type } = this;
    const codes = this.whole() as Int32Array;
    const counts = new Int32Array(raw.length);
    const firstRows = new Int32Array(raw.length);
    for (let row = 0; row < codes.length; row++) if (counts[codes[row]]++ === 0) firstRows[codes[row]] = row;
    const merged = mergeTexts(raw, marks, counts, firstRows);
    if (merged === undefined) return undefined;
    for (let row = 0; row < codes.length; row++) codes[row] = merged.codeOf[codes[row]];
    return finishTexts({ name, ...merged, codes, areWhole: true }, type);
  }

  /** The rows that there are. Room for a few more is left unused: to copy all rows takes longer than it is worth. */
  private whole(): Float64Array | Int32Array {
    const { values, count } = this;
    return values.length < count * 1.1 ? values.subarray(0, count) : values.slice(0, count);
  }
}

/** The text of a cell: without quotes around it, when they are left because a quote in it is written twice, and without blanks. */
export function cellText(written: string): string {
  return trimCell(written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written);
}

/** Texts that differ in quotes and blanks alone are one; missing marks have no code. */
function mergeTexts(raw: readonly RawText[], marks: Marks, rawCounts: Int32Array, rawFirst: Int32Array) {
  const codeOf = new Int32Array(raw.length);
  const places = new Map<string, number>();
  const counts: number[] = [];
  const firstRows: number[] = [];
  for (const { code, text: written } of raw) {
    if (rawCounts[code] === 0) continue;
    if (written === undefined) return undefined;
    const text = cellText(written);
    let place = marks.words.has(text) ? -1 : places.get(text);
    if (place === undefined) {
      place = counts.length;
      places.set(text, place);
      counts.push(0);
      firstRows.push(rawFirst[code]);
    }
    codeOf[code] = place;
    if (place < 0) continue;
    counts[place] += rawCounts[code];
    firstRows[place] = Math.min(firstRows[place], rawFirst[code]);
  }
  return { codeOf, texts: [...places.keys()], counts, firstRows };
}

/** What a cell of a column of numbers is that is no plain number: its value, with what was among the numbers; undefined when it is none. */
export function judgeNumber(text: string, marks: Marks): { value: number; flags: number } | undefined {
  const kind = numberKind(text);
  const value = Number(text);
  if (kind === 'none') return marks.words.has(text) ? { value: Number.NaN, flags: 0 } : undefined;
  if (marks.numbers.has(value)) return { value: Number.NaN, flags: 0 };
  if (kind === 'integer') return { value, flags: FLAG.INTEGER };
  if (kind === 'padded') return { value, flags: FLAG.PADDED };
  if (kind === 'unsafe') return { value, flags: FLAG.UNSAFE };
  return { value, flags: Number.isSafeInteger(value) ? FLAG.WHOLE_DECIMAL : FLAG.DECIMAL };
}
