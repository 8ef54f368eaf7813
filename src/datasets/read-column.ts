import { fitsNumeric, type Marks, numberKind, trimCell } from './cells.js';
import { emptyTally, inferType, type Tally } from './infer-schema.js';
import type { ColumnType } from './table.js';
import { type BadCell, type FinishedColumn, finishTexts } from './text-column.js';

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
export class TextReader implements ColumnReader {
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
    const { name, type, counts, firstRows } = this;
    return finishTexts({ name, texts, counts, firstRows, codes: this.codes.slice(0, this.count) }, type);
  }
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
