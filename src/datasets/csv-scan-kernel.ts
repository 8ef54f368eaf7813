import { isUtf8 } from 'node:buffer';
import type { Marks } from './cells.js';
import { powersOfFive, SHUFFLES, TENS } from './csv-scan-numbers.js';

/** Why a scan ended, as `assembly/scan.ts` numbers it. */
export const SCAN = {
  NEED_INPUT: 0,
  ROWS_FULL: 1,
  LIST_FULL: 2,
  NEED_ROOM: 3,
  TABLE_FULL: 4,
  ODD: 5,
} as const;

/** What a column is read as. */
export const MODE = { SKIP: 0, NUMBER: 1, TEXT: 2 } as const;
export type Mode = (typeof MODE)[keyof typeof MODE];

/** What was among the numbers of a column. */
export const FLAG = { INTEGER: 1, WHOLE_DECIMAL: 2, DECIMAL: 4, PADDED: 8, UNSAFE: 16 } as const;

/** Columns of the memory are 16 bytes, cells on the list too. */
const COLUMN_WORDS = 4;
const CELL_WORDS = 4;
const LIST_ROOM = 1 << 14;
/** Longer records are odd. */
const INPUT_BYTES = 1 << 23;
/** The bytes behind the input that may be read. */
const SLACK = 64;
const BLOCK_BYTES = 1 << 21;
/** Between the columns of a block: at steps of a power of two they would all fall on the same few lines of the processor's cache. */
const COLUMN_GAP = 192;
const PAGE = 65_536;
const FIRST_TABLE = 1 << 12;
/** Kernels address 4 GB; the last page stays free. */
const MOST_BYTES = 65_535 * PAGE;

interface Exports {
  memory: WebAssembly.Memory;
  heapBase(): number;
  setNumbers(powers: number, tens: number, shuffles: number): void;
  setColumns(delimiter: number, count: number, columns: number, list: number, listRoom: number): void;
  setMarks(words: number, wordCount: number, marks: number, markCount: number): void;
  setArena(start: number, end: number): void;
  setTable(at: number, mask: number): void;
  scan(start: number, end: number, most: number): number;
  placeNow(): number;
  rowsNow(): number;
  listNow(): number;
  arenaNow(): number;
}

/** A cell that is no plain number, for the caller to judge. */
export interface OddCell {
  row: number;
  column: number;
  /** As it stands in the file; undefined when it is not UTF-8. */
  text: string | undefined;
}

/** A distinct text of a column, as it stands in the file. */
export interface RawText {
  column: number;
  code: number;
  /** Undefined when it is not UTF-8. */
  text: string | undefined;
}

/** The scanner of `assembly/scan.ts` with its memory, for records of `width` fields. */
export class ScanKernel {
  private readonly wasm: Exports;
  private buffer: Buffer;
  private words: Uint32Array;
  private top: number;
  private readonly columnsAt: number;
  private readonly listAt: number;
  private readonly blockAt: number;
  private readonly columnBytes: number;
  private readonly inputAt: number;
  private inputLength = 0;
  private scanned = 0;
  private tableSize = FIRST_TABLE;
  /** Where texts lie: a new table takes the room behind the ones before. */
  private readonly arenas: { start: number; end: number }[] = [];
  /** Rows that one scan reads at most. */
  readonly blockRows: number;

  constructor(module: WebAssembly.Module, width: number, delimiter: number, marks: Marks) {
    this.wasm = new WebAssembly.Instance(module, { env: { abort: () => {} } }).exports as unknown as Exports;
    this.buffer = Buffer.from(this.wasm.memory.buffer as ArrayBuffer);
    this.words = new Uint32Array(this.wasm.memory.buffer);
    this.top = this.wasm.heapBase();
    this.blockRows = Math.max(32, Math.min(8192, Math.floor(BLOCK_BYTES / (8 * width))));
    this.placeNumbers();
    this.placeMarks(marks);
    this.columnsAt = this.take(width * COLUMN_WORDS * 4);
    this.listAt = this.take((LIST_ROOM + width) * CELL_WORDS * 4);
    this.columnBytes = this.blockRows * 8 + COLUMN_GAP;
    this.blockAt = this.take(width * this.columnBytes);
    this.inputAt = this.take(INPUT_BYTES + SLACK);
    for (let column = 0; column < width; column++)
      this.words[this.columnWord(column) + 2] = this.blockAt + column * this.columnBytes;
    this.wasm.setColumns(delimiter, width, this.columnsAt, this.listAt, LIST_ROOM + width);
  }

  private columnWord(column: number): number {
    return this.columnsAt / 4 + column * COLUMN_WORDS;
  }

  /** Room at the end of the memory, in multiples of 8; undefined when a kernel cannot have more. */
  private reserve(bytes: number): number | undefined {
    const at = Math.ceil(this.top / 8) * 8;
    const end = at + bytes;
    if (end > MOST_BYTES) return undefined;
    const lacking = Math.ceil((end - this.buffer.length) / PAGE);
    if (lacking > 0) {
      this.wasm.memory.grow(lacking);
      this.buffer = Buffer.from(this.wasm.memory.buffer as ArrayBuffer);
      this.words = new Uint32Array(this.wasm.memory.buffer);
    }
    this.top = end;
    return at;
  }

  private take(bytes: number): number {
    return this.reserve(bytes)!;
  }

  private placeNumbers(): void {
    const powers = powersOfFive();
    const powersAt = this.take(powers.byteLength);
    const tensAt = this.take(TENS.byteLength);
    this.buffer.set(new Uint8Array(powers.buffer), powersAt);
    this.buffer.set(new Uint8Array(TENS.buffer), tensAt);
    const shufflesAt = this.take(SHUFFLES.length);
    this.buffer.set(SHUFFLES, shufflesAt);
    this.wasm.setNumbers(powersAt, tensAt, shufflesAt);
  }

  private placeMarks({ words, numbers }: Marks): void {
    const short = [...words]
      .map((word) => Buffer.from(word))
      .filter(({ length }) => length > 0 && length <= 8);
    const wordsAt = this.take(short.length * 8);
    for (const [i, word] of short.entries()) this.buffer.set(word, wordsAt + i * 8);
    const values = Float64Array.from(numbers);
    const marksAt = this.take(values.byteLength);
    this.buffer.set(new Uint8Array(values.buffer), marksAt);
    this.wasm.setMarks(wordsAt, short.length, marksAt, values.length);
  }

  setMode(column: number, mode: Mode): void {
    this.words[this.columnWord(column)] = mode;
    if (mode === MODE.TEXT && this.arenas.length === 0) this.openTable();
  }

  /** What was among the numbers of a column so far. */
  flagsOf(column: number): number {
    return this.words[this.columnWord(column) + 1];
  }

  addFlags(column: number, flags: number): void {
    this.words[this.columnWord(column) + 1] |= flags;
  }

  /** Puts a piece behind what is left of the input; false when a record is too long. */
  feed(piece: Uint8Array): boolean {
    const { buffer, inputAt } = this;
    buffer.copyWithin(inputAt, inputAt + this.scanned, inputAt + this.inputLength);
    this.inputLength -= this.scanned;
    this.scanned = 0;
    if (this.inputLength + piece.length > INPUT_BYTES) return false;
    buffer.set(piece, inputAt + this.inputLength);
    this.inputLength += piece.length;
    buffer.fill(0, inputAt + this.inputLength, inputAt + this.inputLength + SLACK);
    return true;
  }

  /** How many bytes of the input are not scanned yet. */
  get left(): number {
    return this.inputLength - this.scanned;
  }

  /** Scans on, `most` rows at most: why it ended, and how many rows the block holds until the next scan. */
  scan(most = this.blockRows): { reason: number; rows: number } {
    const { wasm, inputAt } = this;
    const reason = wasm.scan(inputAt + this.scanned, inputAt + this.inputLength, most);
    this.scanned = wasm.placeNow() - inputAt;
    return { reason, rows: wasm.rowsNow() };
  }

  private textAt(at: number, length: number): string | undefined {
    const text = this.buffer.toString('utf8', at, at + length);
    return text.includes('\ufffd') && !isUtf8(this.buffer.subarray(at, at + length)) ? undefined : text;
  }

  /** The numbers of a column in the block. */
  numbers(column: number, rows: number): Float64Array {
    return new Float64Array(this.buffer.buffer, this.blockAt + column * this.columnBytes, rows);
  }

  /** The codes of a column of texts in the block. */
  codes(column: number, rows: number): Int32Array {
    return new Int32Array(this.buffer.buffer, this.blockAt + column * this.columnBytes, rows);
  }

  /** The cells of the block that are no plain numbers. */
  *oddCells(): Generator<OddCell> {
    const count = this.wasm.listNow();
    for (let i = 0; i < count; i++) {
      const word = this.listAt / 4 + i * CELL_WORDS;
      const [row, column, at, length] = this.words.subarray(word, word + CELL_WORDS);
      yield { row, column, text: this.textAt(at, length) };
    }
  }

  /** More room for new texts; false when there is none. */
  openArena(): boolean {
    this.closeArena();
    const start = this.reserve(Math.max(PAGE * 16, INPUT_BYTES));
    if (start === undefined) return false;
    this.arenas.push({ start, end: this.top });
    this.wasm.setArena(start, this.top);
    return true;
  }

  private closeArena(): void {
    const last = this.arenas.at(-1);
    if (last !== undefined) last.end = this.wasm.arenaNow();
  }

  /** A table for the texts, of twice the size; false when there is no room. */
  openTable(): boolean {
    if (this.arenas.length > 0) this.tableSize *= 2;
    const at = this.reserve(this.tableSize * 4);
    if (at === undefined) return false;
    this.buffer.fill(0, at, at + this.tableSize * 4);
    this.wasm.setTable(at, this.tableSize - 1);
    return this.arenas.length > 0 || this.openArena();
  }

  /** All distinct texts, in the order in which they came. */
  *texts(): Generator<RawText> {
    this.closeArena();
    for (const { start, end } of this.arenas) {
      for (let at = start; at < end; ) {
        const word = at / 4;
        const length = this.words[word + 2];
        yield { column: this.words[word], code: this.words[word + 1], text: this.textAt(at + 16, length) };
        at += 16 + Math.ceil(length / 8) * 8;
      }
    }
  }
}
