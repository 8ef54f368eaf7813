import { printable } from '../util/text.js';
import type { Tensor, TensorType } from './learner.js';
import { modelFileFault, quoted, TENSOR_ARRAYS } from './saved-model.js';
import { parseStrictJson } from './strict-json.js';

/**
 * The safetensors format (https://github.com/huggingface/safetensors): 8 bytes little-endian length of the header, the
 * header as JSON, then the tensors' bytes, row-major and little-endian, without a hole between them.
 */

/** The format's own limit on the header. */
const HEADER_LIMIT = 100_000_000;
const HEADER_JSON = { depth: 16, values: 1_000_000 };
const MOST_DIMENSIONS = 8;

export interface TensorFile {
  metadata: Record<string, string>;
  tensors: Record<string, Tensor>;
}

interface Entry {
  name: string;
  type: TensorType;
  shape: number[];
  begin: number;
  end: number;
}

const elementBytes = (type: TensorType) => TENSOR_ARRAYS[type].BYTES_PER_ELEMENT;

/**
 * The bytes of a file with these tensors. Tensors of large elements come first and the header is padded to a multiple
 * of 8, so that every tensor lies aligned although no hole is allowed.
 */
export function encodeSafetensors({ metadata, tensors }: TensorFile): Buffer {
  const sorted = Object.entries(tensors).sort(
    ([a, x], [b, y]) => elementBytes(y.type) - elementBytes(x.type) || (a < b ? -1 : 1),
  );
  let offset = 0;
  const entries = sorted.map(([name, { type, shape, data }]): [string, unknown] => {
    const count = shape.reduce((product, size) => product * size, 1);
    if (name === '__metadata__' || count !== data.length || !(data instanceof TENSOR_ARRAYS[type])) {
      throw new Error(`tensor "${name}" cannot be written: ${type} [${shape}] with ${data.length} elements`);
    }
    const begin = offset;
    offset += data.byteLength;
    return [name, { dtype: type, shape, data_offsets: [begin, offset] }];
  });
  const header = Buffer.from(
    JSON.stringify(Object.fromEntries([['__metadata__', metadata], ...entries])),
    'utf8',
  );
  const length = Math.ceil(header.length / 8) * 8;
  const bytes = Buffer.alloc(8 + length + offset, 0x20);
  bytes.writeBigUInt64LE(BigInt(length), 0);
  header.copy(bytes, 8);
  let at = 8 + length;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readHeader(bytes: Buffer): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) throw modelFileFault(`it has ${bytes.length} bytes, too few for a header`);
  const length = bytes.readBigUInt64LE(0);
  if (length > HEADER_LIMIT)
    throw modelFileFault(`its header says it is ${length} bytes long; ${HEADER_LIMIT} are allowed`);
  if (length > bytes.length - 8) {
    throw modelFileFault(
      `its header says it is ${length} bytes long, the file has ${bytes.length - 8} after the length`,
    );
  }
  const dataStart = 8 + Number(length);
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(8, dataStart),
    );
    header = parseStrictJson(text, HEADER_JSON);
  } catch (error) {
    throw modelFileFault(`its header is not JSON: ${printable((error as Error).message, 120)}`);
  }
  if (bytes[8] !== 0x7b || !isObject(header)) throw modelFileFault('its header is not a JSON object');
  return { header, dataStart };
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readEntry(name: string, value: unknown, dataBytes: number): Entry {
  const where = `tensor ${quoted(name)}`;
  if (!isObject(value)) throw modelFileFault(`${where} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') throw modelFileFault(`${where} has no type`);
  if (!Object.hasOwn(TENSOR_ARRAYS, dtype))
    throw modelFileFault(`${where} has the unknown type ${quoted(dtype)}`);
  const type = dtype as TensorType;
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS || !shape.every(isSize)) {
    throw modelFileFault(`${where} has no shape of at most ${MOST_DIMENSIONS} whole numbers`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw modelFileFault(`${where} has no pair of offsets`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes) {
    throw modelFileFault(`${where} lies at bytes ${begin} to ${end} of ${dataBytes}`);
  }
  let size = elementBytes(type);
  for (const length of shape as number[]) {
    size *= length;
    if (!Number.isSafeInteger(size)) throw modelFileFault(`${where} has a shape too large to count`);
  }
  if (size !== end - begin) {
    throw modelFileFault(
      `${where} takes ${size} bytes by its shape [${shape}], its offsets give ${end - begin}`,
    );
  }
  return { name, type, shape: shape as number[], begin, end };
}

/** In a whole file each tensor begins where the last one ends, and the last ends with the file. */
function checkNoHoles(entries: Entry[], dataBytes: number): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) {
      throw modelFileFault(`tensor ${quoted(name)} begins at byte ${begin}, the one before it ends at ${at}`);
    }
    at = end;
  }
  if (at !== dataBytes)
    throw modelFileFault(`its tensors end at byte ${at}, the file has ${dataBytes} bytes of them`);
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw modelFileFault('its __metadata__ is not an object of strings');
  }
  return value as Record<string, string>;
}

/** A view of the file where the tensor lies aligned, a copy where it does not: files from elsewhere need not pad. */
function readTensor({ type, shape, begin, end }: Entry, bytes: Buffer, dataStart: number): Tensor {
  const TypedArray = TENSOR_ARRAYS[type];
  const size = TypedArray.BYTES_PER_ELEMENT;
  const at = bytes.byteOffset + dataStart + begin;
  const buffer = bytes.buffer as ArrayBuffer;
  const aligned = at % size === 0;
  const data = aligned
    ? new TypedArray(buffer, at, (end - begin) / size)
    : new TypedArray(buffer.slice(at, at + end - begin));
  return { type, shape, data };
}

/**
 * The tensors of a file's bytes, as views where they lie aligned. Every size is checked before anything is allocated.
 * @throws MODEL_FILE_INVALID naming the first fault
 */
export function decodeSafetensors(bytes: Buffer): TensorFile {
  const { header, dataStart } = readHeader(bytes);
  const dataBytes = bytes.length - dataStart;
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name !== '__metadata__') entries.push(readEntry(name, value, dataBytes));
  }
  checkNoHoles(entries, dataBytes);
  // Without a prototype, a tensor named __proto__ or constructor is a name like any other.
  const tensors: Record<string, Tensor> = Object.create(null);
  for (const entry of entries) tensors[entry.name] = readTensor(entry, bytes, dataStart);
  return {
    metadata: readMetadata(Object.hasOwn(header, '__metadata__') ? header['__metadata__'] : undefined),
    tensors,
  };
}
