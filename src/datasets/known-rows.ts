import { compileEncoder, type RowEncoder } from './encode-rows.js';
import { encodeTable } from './encode-table.js';
import type { Signature } from './signature.js';
import type { Table } from './table.js';

/** What a model learned from, or why that cannot be told here; `elsewhere`: another program trained it, and nothing here ever knew. */
export type KnownTraining = { rows: KnownRows } | { rows: null; why: string; elsewhere: boolean };

/** A hash of 53 bits over the bits of a row's cells and its target: two lanes, -0 counts as 0 and every NaN alike. */
class CellHash {
  readonly #bits = new Float64Array(1);
  readonly #words = new Int32Array(this.#bits.buffer);
  #one = 0;
  #two = 0;

  of(cells: Float64Array, from: number, columns: readonly number[], target: number): number {
    this.#one = 0x811c9dc5;
    this.#two = 0x9747b28c;
    for (const column of columns) this.#add(cells[from + column]);
    this.#add(target);
    const [one, two] = [this.#one ^ (this.#one >>> 16), this.#two ^ (this.#two >>> 15)];
    return (one >>> 0) * 2 ** 21 + (two >>> 11);
  }

  #add(value: number): void {
    this.#bits[0] = Number.isNaN(value) ? Number.NaN : value + 0;
    const [low, high] = this.#words;
    this.#one = Math.imul(this.#one ^ low, 0x01000193);
    this.#one = Math.imul(this.#one ^ high ^ (this.#one >>> 15), 0x01000193);
    this.#two = Math.imul(this.#two ^ high ^ (this.#two >>> 13), 0x85ebca6b);
    this.#two = Math.imul(this.#two ^ low ^ (this.#two >>> 16), 0xc2b2ae35);
  }
}

/** Rows whose cells are written at once while they are hashed. */
const SLICE_ROWS = 4_096;

/**
 * Rows of a table with their targets, to ask whether a row of live traffic is one of them. It keeps a hash of eight bytes a row: that two
 * different rows have the same is less likely than one in a million for a million rows against a million.
 */
export class KnownRows {
  readonly #encoder: RowEncoder;
  readonly #names: readonly string[];
  readonly #all: readonly number[];
  readonly #cells: Float64Array;
  readonly #hash = new CellHash();
  /** Sorted hashes, by the columns that are compared. */
  readonly #hashes = new Map<string, Float64Array>();

  /** @param y the target of each row of the table */
  constructor(
    private readonly signature: Signature,
    private readonly table: Table,
    private readonly rows: Int32Array,
    private readonly y: Float64Array,
  ) {
    this.#encoder = compileEncoder(signature);
    this.#names = signature.features.map(({ name }) => name);
    this.#all = [...this.#names.keys()];
    this.#cells = new Float64Array(this.#names.length);
  }

  /**
   * Whether a row as JSON has it, with this target, is among them; by all features but those named in `without`, whose values are not known.
   * Null where nothing is left to compare by.
   */
  has(row: unknown, target: number, without: readonly string[] = []): boolean | null {
    const columns =
      without.length === 0 ? this.#all : this.#all.filter((at) => !without.includes(this.#names[at]));
    if (columns.length === 0 || typeof row !== 'object' || row === null) return null;
    if (!this.#encoder.encodePlain(row, this.#cells)) {
      const { cells, problems } = this.#encoder.encode([row]);
      if (problems.some(({ feature }) => feature === null || !without.includes(feature))) return false;
      this.#cells.set(cells);
    }
    return isAmong(this.#hashesBy(columns), this.#hash.of(this.#cells, 0, columns, target));
  }

  #hashesBy(columns: readonly number[]): Float64Array {
    const key = columns.join();
    const known = this.#hashes.get(key) ?? this.#hashAll(columns).sort();
    this.#hashes.set(key, known);
    return known;
  }

  #hashAll(columns: readonly number[]): Float64Array {
    const { signature, table, rows, y } = this;
    const width = this.#names.length;
    const found = new Float64Array(rows.length);
    for (let from = 0; from < rows.length; from += SLICE_ROWS) {
      const slice = rows.subarray(from, from + SLICE_ROWS);
      const cells = encodeTable(table, signature, slice);
      for (const [i, row] of slice.entries())
        found[from + i] = this.#hash.of(cells, i * width, columns, y[row]);
    }
    return found;
  }
}

function isAmong(sorted: Float64Array, value: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}
