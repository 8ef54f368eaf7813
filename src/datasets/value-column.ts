import { type Marks, trimCell } from './cells.js';
import { formatDate } from './dates.js';
import { TextReader } from './read-column.js';
import type { ColumnType } from './table.js';
import { type BadCell, type FinishedColumn, finishTexts } from './text-column.js';

/** What kind of values a column holds so far; `text` is everything that is not of one kind. */
type Lane = 'none' | 'number' | 'date' | 'boolean' | 'text';

const LANE_OF_TYPE: Record<ColumnType, Lane> = {
  number: 'number',
  integer: 'number',
  date: 'date',
  boolean: 'boolean',
  category: 'text',
};

const TEXT_OF: Record<'number' | 'date' | 'boolean', (value: number) => string> = {
  number: String,
  date: formatDate,
  boolean: (value) => (value === 1 ? 'true' : 'false'),
};

/**
 * A column of values that have a type of their own, as JSON, Parquet and databases give them. Values of one kind are kept as they
 * are; of several kinds, or when the column is to have another type, they are read as their texts in a CSV would be.
 */
export class ValueReader {
  private lane: Lane = 'none';
  private values = new Float64Array(1024);
  private hasDecimals = false;
  private texts: TextReader | undefined;
  count = 0;

  constructor(
    readonly name: string,
    private readonly marks: Marks,
    private readonly type: ColumnType | undefined,
  ) {}

  addMissing(rows = 1): void {
    for (let i = 0; i < rows; i++) this.push(Number.NaN, '');
  }

  /** `isDecimal`: it is no whole number by its type, whatever its value. NaN is missing; infinities are text, as in a CSV. */
  addNumber(value: number, isDecimal = !Number.isSafeInteger(value)): void {
    if (Number.isNaN(value) || this.marks.numbers.has(value)) this.addMissing();
    else if (!Number.isFinite(value)) this.addText(String(value));
    else {
      if (isDecimal) this.hasDecimals = true;
      this.add('number', value);
    }
  }

  /** A whole number of any length: beyond 2^53 its digits are kept as text. */
  addBigInt(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) this.addNumber(number, false);
    else this.addText(value.toString());
  }

  addBoolean(value: boolean): void {
    this.add('boolean', value ? 1 : 0);
  }

  /** Milliseconds since 1970-01-01 UTC. */
  addDate(milliseconds: number): void {
    if (Number.isNaN(milliseconds)) this.addMissing();
    else this.add('date', milliseconds);
  }

  addText(text: string): void {
    if (this.marks.words.has(trimCell(text))) this.addMissing();
    else {
      this.toTexts();
      this.push(Number.NaN, text);
    }
  }

  private add(lane: 'number' | 'date' | 'boolean', value: number): void {
    if (this.lane === 'none') {
      const fits = this.type === undefined || LANE_OF_TYPE[this.type] === lane;
      if (fits) this.lane = lane;
      else this.toTexts();
    } else if (this.lane !== lane) this.toTexts();
    this.push(value, this.lane === 'text' ? TEXT_OF[lane](value) : '');
  }

  private push(value: number, text: string): void {
    if (this.texts !== undefined) this.texts.add(text);
    else {
      if (this.count === this.values.length) {
        const larger = new Float64Array(this.values.length * 2);
        larger.set(this.values);
        this.values = larger;
      }
      this.values[this.count] = value;
    }
    this.count++;
  }

  /** From here on the column is read by its texts, and so are the values so far. */
  private toTexts(): void {
    if (this.texts !== undefined) return;
    this.texts = new TextReader(this.name, this.marks, this.type);
    const textOf = this.lane === 'none' || this.lane === 'text' ? String : TEXT_OF[this.lane];
    for (let row = 0; row < this.count; row++) {
      const value = this.values[row];
      this.texts.add(Number.isNaN(value) ? '' : textOf(value));
    }
    this.lane = 'text';
    this.values = new Float64Array(0);
  }

  private badIntegers(values: Float64Array): BadCell[] {
    if (this.type !== 'integer') return [];
    return Array.from(values.entries())
      .filter(([, value]) => !Number.isNaN(value) && !Number.isSafeInteger(value))
      .map(([row, value]) => ({ row, text: String(value), count: 1 }));
  }

  finish(): FinishedColumn {
    if (this.texts !== undefined) return this.texts.finish();
    const { name, lane, type } = this;
    const values = this.values.slice(0, this.count);
    if (lane === 'none' || lane === 'text') {
      const codes = new Int32Array(this.count).fill(-1);
      return finishTexts({ name, texts: [], counts: [], firstRows: [], codes }, type);
    }
    const found = lane === 'number' ? (this.hasDecimals ? 'number' : 'integer') : lane;
    const known = lane === 'number' && type !== undefined ? (type as 'number' | 'integer') : found;
    return { column: { name, type: known, values }, bad: this.badIntegers(values) };
  }
}
