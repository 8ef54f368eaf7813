import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { checkColumns, noRows, tableOfColumns } from './finish-table.js';
import { checkRules, type ReadContext } from './read-options.js';
import type { RowPlaces } from './row-errors.js';
import { ValueReader } from './value-column.js';

/** More columns than any model here can take. */
const MAX_COLUMNS = 10_000;

const NUMBERS_AND_TEXTS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * The JSON text with those numbers as texts that a double would round or cannot hold: whole ones beyond 2^53, and 1e400. As texts
 * they are read as in a CSV.
 */
export function keepLongNumbers(json: string): string {
  if (!/\d{16}|\d[eE]/.test(json)) return json;
  return json.replace(NUMBERS_AND_TEXTS, (part) => {
    if (part.startsWith('"')) return part;
    const value = Number(part);
    const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(part);
    return isRounded || !Number.isFinite(value) ? `"${part}"` : part;
  });
}

/** Columns that are filled by objects, one a row; a key that a row lacks is a missing value. */
export class ObjectRows {
  private readonly readers = new Map<string, ValueReader>();
  private rowCount = 0;

  constructor(
    private readonly context: ReadContext,
    private readonly places: RowPlaces,
  ) {}

  get rows(): number {
    return this.rowCount;
  }

  /** DATA_ROW_INVALID for what is no object, and for a value that is a list or an object. */
  add(value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.invalid('it is not an object.', 'Each row is one object: {"key": value, ...}.');
    for (const [key, cell] of Object.entries(value)) this.addCell(this.readerOf(key), cell);
    this.rowCount++;
  }

  private readerOf(key: string): ValueReader {
    let reader = this.readers.get(key);
    if (reader === undefined) {
      if (this.readers.size >= MAX_COLUMNS)
        throw this.invalid(
          `it brings more than ${MAX_COLUMNS} keys.`,
          'Keys become columns; perhaps they are values.',
        );
      const { marks, rules } = this.context;
      reader = new ValueReader(key, marks, rules.get(key)?.type);
      this.readers.set(key, reader);
    }
    reader.addMissing(this.rowCount - reader.count);
    return reader;
  }

  private addCell(reader: ValueReader, cell: unknown): void {
    if (typeof cell === 'number') reader.addNumber(cell);
    else if (typeof cell === 'string') reader.addText(cell);
    else if (typeof cell === 'boolean') reader.addBoolean(cell);
    else if (cell === null) reader.addMissing();
    else {
      const what = Array.isArray(cell) ? 'a list' : 'an object';
      throw this.invalid(
        `key "${printable(reader.name)}": the value is ${what}.`,
        'A cell holds one number, text, true, false or null.',
        'write nested values as keys of their own, or leave the key out',
      );
    }
  }

  /** An error in the row that would come next. */
  invalid(what: string, why: string, fix?: string): RiskopsError {
    const [number] = this.places.numbersOf([this.rowCount]);
    return new RiskopsError('DATA_ROW_INVALID', {
      what: `${printable(this.places.path)}, ${this.places.unit} ${number}, ${what}`,
      why,
      fix: fix ?? 'mend the row',
      details: { [this.places.unit]: number },
    });
  }

  /** The table, its columns in the order in which the keys came. */
  finish() {
    const { rowCount, context, places } = this;
    if (rowCount === 0) throw noRows(places.path, 'It holds no object.');
    checkRules(context, [...this.readers.keys()]);
    const finished = [...this.readers.values()].map((reader) => {
      reader.addMissing(rowCount - reader.count);
      return reader.finish();
    });
    checkColumns(finished, context, places);
    return tableOfColumns(finished, rowCount);
  }
}
