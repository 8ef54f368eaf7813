import { type Marks, numberKind, parseBoolean, parseNumber, trimCell } from './cells.js';
import { parseDate } from './dates.js';
import { countText, emptyTally, inferType, type Tally } from './infer-schema.js';
import type { Column, ColumnType } from './table.js';

/** A cell that does not fit its column's type: the first row that holds it, and in how many rows it stands. */
export interface BadCell {
  row: number;
  text: string;
  count: number;
}

export interface FinishedColumn {
  column: Column;
  note?: string;
  bad: BadCell[];
}

/** A column as it is read, cell by cell. */
export interface ColumnReader {
  add(cell: string): void;
  /** Undefined when the column began with numbers and went on otherwise: it is then read again by a `mixedColumnReader`. */
  finish(): FinishedColumn | undefined;
}

/** Room for one more value; doubles when full. */
function grow<T extends Float64Array | Int32Array>(values: T, count: number): T {
  if (count < values.length) return values;
  const larger = new (values.constructor as new (length: number) => T)(Math.max(1024, values.length * 2));
  larger.set(values);
  return larger;
}

/** Whether the number can stand in a column typed `type` as it is written. */
function fitsNumeric(text: string, type: ColumnType): boolean {
  const kind = numberKind(text);
  if (type === 'number') return kind !== 'none';
  return (
    kind === 'integer' || kind === 'padded' || (kind === 'decimal' && Number.isSafeInteger(Number(text)))
  );
}

/** Reads a column of numbers, typed so or because its first value is one: no text is kept. */
class NumberReader implements ColumnReader {
  private values = new Float64Array(1024);
  private count = 0;
  private readonly tally: Tally = emptyTally();
  private readonly bad: BadCell[] = [];

  constructor(
    private readonly name: string,
    private readonly marks: Marks,
    private readonly type: 'number' | 'integer' | undefined,
  ) {}

  add(cell: string): void {
    this.values = grow(this.values, this.count);
    this.values[this.count] = this.read(trimCell(cell));
    this.count++;
  }

  private read(text: string): number {
    const kind = numberKind(text);
    const value = Number(text);
    if (kind === 'none' ? this.marks.words.has(text) : this.marks.numbers.has(value)) return Number.NaN;
    if (kind === 'none' || (this.type !== undefined && !fitsNumeric(text, this.type))) {
      this.bad.push({ row: this.count, text, count: 1 });
      return Number.NaN;
    }
    this.tally.cells++;
    this.tally[kind]++;
    return value;
  }

  finish(): FinishedColumn | undefined {
    const values = this.values.slice(0, this.count);
    if (this.type !== undefined)
      return { column: { name: this.name, type: this.type, values }, bad: this.bad };
    const { type, note } = inferType(this.tally);
    if (this.bad.length > 0 || (type !== 'integer' && type !== 'number')) return undefined;
    return { column: { name: this.name, type, values }, note, bad: [] };
  }
}

/** Reads a column by its distinct texts, each of which is judged once. */
class TextReader implements ColumnReader {
  private codes = new Int32Array(1024);
  private count = 0;
  private readonly codeOf = new Map<string, number>();
  private readonly counts: number[] = [];
  private readonly firstRows: number[] = [];

  constructor(
    private readonly name: string,
    private readonly marks: Marks,
    private readonly type: ColumnType | undefined,
  ) {}

  add(cell: string): void {
    this.codes = grow(this.codes, this.count);
    const text = trimCell(cell);
    let code = this.codeOf.get(text);
    if (code === undefined) {
      code = this.marks.words.has(text) ? -1 : this.counts.length;
      this.codeOf.set(text, code);
      if (code >= 0) {
        this.counts.push(0);
        this.firstRows.push(this.count);
      }
    }
    if (code >= 0) this.counts[code]++;
    this.codes[this.count++] = code;
  }

  finish(): FinishedColumn {
    const texts = [...this.codeOf].filter(([, code]) => code >= 0).map(([text]) => text);
    const { type, note } = this.type === undefined ? this.infer(texts) : { type: this.type, note: undefined };
    return type === 'category'
      ? { column: this.categories(texts), note, bad: [] }
      : { ...this.numbers(texts, type), note };
  }

  private infer(texts: string[]) {
    const tally = emptyTally();
    for (const [code, text] of texts.entries()) countText(tally, text, this.counts[code]);
    return inferType(tally);
  }

  /** Categories are in sorted order, so that they do not depend on the order of the rows. */
  private categories(texts: string[]): Column {
    const order = texts.map((_, code) => code).sort((a, b) => (texts[a] < texts[b] ? -1 : 1));
    const rank = new Int32Array(texts.length);
    for (const [at, code] of order.entries()) rank[code] = at;
    const codes = this.codes.slice(0, this.count).map((code) => (code < 0 ? -1 : rank[code]));
    // A short piece of a string can hold the whole file in memory; a copy by way of bytes cannot.
    const categories = order.map((code) => Buffer.from(texts[code], 'utf8').toString('utf8'));
    return { name: this.name, type: 'category', codes, categories };
  }

  private numbers(
    texts: string[],
    type: Exclude<ColumnType, 'category'>,
  ): { column: Column; bad: BadCell[] } {
    const bad: BadCell[] = [];
    const valueOfCode = texts.map((text, code) => {
      const value = parseCell(text, type);
      if (value === undefined) bad.push({ row: this.firstRows[code], text, count: this.counts[code] });
      return value ?? Number.NaN;
    });
    const values = Float64Array.from(this.codes.subarray(0, this.count), (code) =>
      code < 0 ? Number.NaN : valueOfCode[code],
    );
    return { column: { name: this.name, type, values }, bad };
  }
}

/** The value of a cell in a column of this type; undefined when it does not fit. */
function parseCell(text: string, type: Exclude<ColumnType, 'category'>): number | undefined {
  if (type === 'boolean') return parseBoolean(text);
  if (type === 'date') return parseDate(text);
  return fitsNumeric(text, type) ? parseNumber(text) : undefined;
}

/** Chooses at the first value: numbers are kept as numbers, anything else by its distinct texts. */
class UndecidedReader implements ColumnReader {
  private missing = 0;
  private chosen: ColumnReader | undefined;

  constructor(
    private readonly name: string,
    private readonly marks: Marks,
  ) {}

  add(cell: string): void {
    if (this.chosen === undefined) {
      const text = trimCell(cell);
      if (this.marks.words.has(text)) {
        this.missing++;
        return;
      }
      this.choose(numberKind(text) !== 'none');
    }
    this.chosen!.add(cell);
  }

  private choose(numbers: boolean): ColumnReader {
    this.chosen = numbers
      ? new NumberReader(this.name, this.marks, undefined)
      : new TextReader(this.name, this.marks, undefined);
    for (let i = 0; i < this.missing; i++) this.chosen.add('');
    return this.chosen;
  }

  finish(): FinishedColumn | undefined {
    return (this.chosen ?? this.choose(false)).finish();
  }
}

/** Reads a column of the given type, or one whose type is not known yet. */
export function columnReader(name: string, marks: Marks, type?: ColumnType): ColumnReader {
  if (type === undefined) return new UndecidedReader(name, marks);
  if (type === 'number' || type === 'integer') return new NumberReader(name, marks, type);
  return new TextReader(name, marks, type);
}

/** Reads again a column that began with numbers and went on otherwise: its type is inferred from all its cells. */
export function mixedColumnReader(name: string, marks: Marks): ColumnReader {
  return new TextReader(name, marks, undefined);
}
