import { type FileHandle, open } from 'node:fs/promises';
import type { FileMetaData, SchemaTree } from 'hyparquet';
import { RiskopsError } from '../errors.js';
import { sha256File } from '../util/files.js';
import { printable } from '../util/text.js';
import { unreadable, withDataFile } from './data-file.js';
import { checkColumns, noRows, tableOfColumns } from './finish-table.js';
import { checkRules, type ReadContext, type ReadResult } from './read-options.js';
import { countedRows } from './row-errors.js';
import { ValueReader } from './value-column.js';

const FORMAT = 'Parquet';
const DEFAULT_MAX_BYTES = 16_000_000_000;

/** How the values of a column go into the table. */
interface ColumnKind {
  /** No whole numbers by their type. */
  isDecimal: boolean;
  /** Digits behind the point of a DECIMAL. */
  scale: number | undefined;
}

function fileBuffer(handle: FileHandle, byteLength: number) {
  return {
    byteLength,
    slice: async (start: number, end = byteLength) => {
      const bytes = Buffer.alloc(end - start);
      await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer as ArrayBuffer;
    },
  };
}

const NESTED_TYPES = new Set(['JSON', 'BSON', 'VARIANT', 'GEOMETRY', 'GEOGRAPHY']);

function isNested({ children, element }: SchemaTree): boolean {
  const { repetition_type, converted_type = '', logical_type } = element;
  const isDocument = NESTED_TYPES.has(converted_type) || NESTED_TYPES.has(logical_type?.type ?? '');
  return children.length > 0 || repetition_type === 'REPEATED' || isDocument;
}

/** A column that holds lists, maps or structures has no place in a table. */
function checkFlat(path: string, { children }: SchemaTree): void {
  const nested = children.find(isNested);
  if (nested === undefined) return;
  const name = printable(nested.element.name);
  throw new RiskopsError('DATA_UNREADABLE', {
    what: `${printable(path)}: the column "${name}" holds lists or structures.`,
    why: 'A column of a table holds one value a row.',
    fix: `write the file without "${name}", or with its parts as columns of their own`,
    details: { column: nested.element.name },
  });
}

function kindOf({ element }: SchemaTree): ColumnKind {
  const { type, converted_type, logical_type, scale } = element;
  const isDecimal = converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL';
  return {
    isDecimal: isDecimal || type === 'FLOAT' || type === 'DOUBLE' || logical_type?.type === 'FLOAT16',
    scale: isDecimal ? (scale ?? 0) : undefined,
  };
}

function addValue(path: string, reader: ValueReader, value: unknown, { isDecimal, scale }: ColumnKind): void {
  if (value === null || value === undefined) reader.addMissing();
  else if (typeof value === 'number')
    // The library multiplies by a power of ten, which is off in the last bit.
    reader.addNumber(scale === undefined ? value : Number(value.toFixed(Math.min(scale, 100))), isDecimal);
  else if (typeof value === 'bigint') reader.addBigInt(value);
  else if (typeof value === 'string') reader.addText(value);
  else if (typeof value === 'boolean') reader.addBoolean(value);
  else if (value instanceof Date) reader.addDate(value.getTime());
  else
    throw new RiskopsError('DATA_UNREADABLE', {
      what: `${printable(path)}: the column "${printable(reader.name)}" holds values that are no number, text, date, true or false.`,
      why: 'A table has no place for them.',
      fix: 'write the file without the column',
    });
}

/** Reads all columns, one group of rows after the other. */
async function readColumns(path: string, handle: FileHandle, size: number, context: ReadContext) {
  const [{ parquetMetadataAsync, parquetRead, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const file = fileBuffer(handle, size);
  const metadata: FileMetaData = await parquetMetadataAsync(file, { geoparquet: false });
  const schema = parquetSchema(metadata);
  checkFlat(path, schema);
  const names = schema.children.map(({ element }) => element.name);
  checkNames(path, names);
  checkRules(context, names);
  const readers = names.map((name) => new ValueReader(name, context.marks, context.rules.get(name)?.type));
  const kinds = schema.children.map(kindOf);
  const placeOf = new Map(names.map((name, i) => [name, i]));
  let rowStart = 0;
  let fault: unknown;
  const onChunk = ({ columnName, columnData }: { columnName: string; columnData: ArrayLike<unknown> }) => {
    const place = placeOf.get(columnName)!;
    try {
      for (let i = 0; i < columnData.length; i++) addValue(path, readers[place], columnData[i], kinds[place]);
    } catch (error) {
      // The library would lose what is thrown here.
      fault ??= error;
    }
  };
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    if (rowEnd > rowStart) await parquetRead({ file, metadata, rowStart, rowEnd, compressors, onChunk });
    if (fault !== undefined) throw fault;
    rowStart = rowEnd;
    const bytes = Math.round((size * rowEnd) / Number(metadata.num_rows));
    context.onProgress({ bytes, of: size, rows: rowEnd });
  }
  return { readers, rowCount: rowStart };
}

function checkNames(path: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw unreadable(path, FORMAT, `It has two columns "${printable(twice)}".`);
}

/**
 * Reads a Parquet file whose columns are flat. Doubles are of type number and whole numbers of type integer, unless one is beyond
 * 2^53: then all are text, as in a CSV. Texts are read as in a CSV too; dates and times are dates.
 */
export async function readParquet(path: string, context: ReadContext): Promise<ReadResult> {
  const { maxBytes = DEFAULT_MAX_BYTES } = context;
  return await withDataFile({ path, format: FORMAT, maxBytes }, async (size) => {
    const handle = await open(path);
    try {
      const { readers, rowCount } = await readGuarded(path, handle, size, context);
      if (rowCount === 0) throw noRows(path, 'It has columns and nothing more.');
      const odd = readers.find(({ count }) => count !== rowCount);
      if (odd !== undefined)
        throw unreadable(
          path,
          FORMAT,
          `The column "${printable(odd.name)}" has ${odd.count} of ${rowCount} values.`,
        );
      const finished = readers.map((reader) => reader.finish());
      checkColumns(finished, context, countedRows(path));
      return { ...tableOfColumns(finished, rowCount), sha256: await sha256File(path), bytes: size };
    } finally {
      await handle.close();
    }
  });
}

/** Whatever the library says of a damaged file becomes one error of ours. */
async function readGuarded(path: string, handle: FileHandle, size: number, context: ReadContext) {
  try {
    return await readColumns(path, handle, size, context);
  } catch (error) {
    if (error instanceof RiskopsError) throw error;
    throw unreadable(path, FORMAT, printable((error as Error).message), undefined, error);
  }
}
