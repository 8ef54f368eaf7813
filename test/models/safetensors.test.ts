import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RiskopsError } from '../../src/errors.js';
import type { Tensor, TensorType } from '../../src/models/learner.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/models/safetensors.js';
import { TENSOR_ARRAYS } from '../../src/models/saved-model.js';

/** A file that the official Python package wrote; `vectors/tensor-file.py` makes it. */
const official: { metadata: Record<string, string>; base64: string } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'vectors', 'tensor-file.json'), 'utf8'),
);
const officialBytes = Buffer.from(official.base64, 'base64');

const tensors: Record<string, Tensor> = {
  flags: { type: 'U8', shape: [3], data: Uint8Array.of(1, 0, 255) },
  feature: { type: 'I16', shape: [3], data: Int16Array.of(-1, 2, 32767) },
  left: { type: 'I32', shape: [1, 3], data: Int32Array.of(1, -2147483648, 2147483647) },
  half: { type: 'F32', shape: [3], data: Float32Array.of(0.5, -0.25, 1e-30) },
  값: { type: 'F64', shape: [2, 2], data: Float64Array.of(5e-324, -0, 1.7976931348623157e308, 0.1) },
  empty: { type: 'F64', shape: [0, 4], data: new Float64Array(0) },
};

test('writes the bytes that the official package writes, and reads them', () => {
  expect(encodeSafetensors({ metadata: official.metadata, tensors }).equals(officialBytes)).toBe(true);
  const read = decodeSafetensors(officialBytes);
  expect(read.metadata).toEqual(official.metadata);
  expect({ ...read.tensors }).toEqual(tensors);
});

test('an unaligned file is copied into place', () => {
  const shifted = Buffer.concat([Buffer.of(7, 7, 7), officialBytes]).subarray(3);
  expect({ ...decodeSafetensors(shifted).tensors }).toEqual(tensors);
});

const tensor = fc
  .tuple(
    fc.constantFrom<TensorType>('F64', 'F32', 'I32', 'I16', 'U8'),
    fc.array(fc.nat(4), { maxLength: 3 }),
    fc.nat(),
  )
  .map(([type, shape, seed]): Tensor => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = Array.from({ length }, (_, i) => (seed + 31 * i) % 120);
    return { type, shape, data: new TENSOR_ARRAYS[type](values) };
  });
const names = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '1'));

test('any tensors come back as they were, whatever their names and odd sizes', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name, maxLength: 6 }),
      (entries) => {
        const written = Object.fromEntries(entries);
        const bytes = encodeSafetensors({ metadata: { riskops: '{}' }, tensors: written });
        expect(bytes.readBigUInt64LE(0) % 8n).toBe(0n);
        const read = decodeSafetensors(bytes).tensors;
        expect(Object.keys(read).sort()).toEqual(Object.keys(written).sort());
        for (const [name, { type, shape, data }] of entries) {
          expect(read[name].type).toBe(type);
          expect(read[name].shape).toEqual(shape);
          expect(read[name].data).toEqual(data);
        }
        expect(({} as { type?: string }).type).toBeUndefined();
      },
    ),
  );
});

/** A file with this header text, whatever it says, and `dataBytes` zeros behind it. */
function forge(header: string, dataBytes = 8): Buffer {
  const text = Buffer.from(header, 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const withLength = (length: bigint) => {
  const bytes = Buffer.from(officialBytes);
  bytes.writeBigUInt64LE(length);
  return bytes;
};

const hostile: [string, () => Buffer, RegExp][] = [
  ['an empty file', () => Buffer.alloc(0), /0 bytes, too few/],
  ['a file of seven bytes', () => Buffer.alloc(7), /7 bytes, too few/],
  ['a header of 2^63 bytes', () => withLength(2n ** 63n), /9223372036854775808 bytes long/],
  ['a header longer than the file', () => withLength(500n), /500 bytes long, the file has 465/],
  ['a truncated file', () => officialBytes.subarray(0, -1), /"flags" lies at bytes 62 to 65 of 64/],
  [
    'a file with more behind it',
    () => Buffer.concat([officialBytes, Buffer.alloc(1)]),
    /end at byte 65, the file has 66/,
  ],
  ['a header that is an array', () => forge('[]', 0), /not a JSON object/],
  ['a header that is no JSON', () => forge('{"a":', 0), /not JSON/],
  [
    'a header that is no UTF-8',
    () => Buffer.concat([forge('{"a"', 0), Buffer.of(0xff)]).fill(5, 0, 1),
    /not JSON/,
  ],
  ['a header nested 40 million deep', () => forge('['.repeat(40_000_000), 0), /deeper than 16/],
  [
    'a header of 30 million values',
    () => forge(`{"a":[${'[],'.repeat(30_000_000)}[]]}`, 0),
    /more than 1000000 values/,
  ],
  [
    'a name twice',
    () => forge(`{"a":${entry('F64', '[1]', '[0,8]')},"\\u0061":${entry('F64', '[1]', '[0,8]')}}`),
    /"a" stands twice/,
  ],
  [
    'an unknown type',
    () => forge(`{"a":${entry('BF16', '[4]', '[0,8]')}}`),
    /"a" has the unknown type "BF16"/,
  ],
  [
    'a type from Object.prototype',
    () => forge(`{"a":${entry('constructor', '[4]', '[0,8]')}}`),
    /unknown type/,
  ],
  [
    'a type that is an object',
    () => forge('{"a":{"dtype":{"toString":1},"shape":[],"data_offsets":[0,8]}}'),
    /"a" has no type/,
  ],
  ['a tensor that is null', () => forge('{"a":null}'), /"a" is not described/],
  ['a __proto__ that is no tensor', () => forge('{"__proto__":{"dtype":"F64"}}'), /"__proto__" has no shape/],
  ['a negative size', () => forge(`{"a":${entry('F64', '[-1]', '[0,8]')}}`), /no shape/],
  ['a fractional size', () => forge(`{"a":${entry('F64', '[0.5,2]', '[0,8]')}}`), /no shape/],
  ['a size of 1e400', () => forge(`{"a":${entry('F64', '[1e400]', '[0,8]')}}`), /no shape/],
  ['nine dimensions', () => forge(`{"a":${entry('F64', '[1,1,1,1,1,1,1,1,1]', '[0,8]')}}`), /no shape/],
  [
    'a shape whose product overflows to 8',
    () => forge(`{"a":${entry('U8', '[4294967296,4294967296,8]', '[0,8]')}}`),
    /too large to count/,
  ],
  [
    'a shape that is not its bytes',
    () => forge(`{"a":${entry('F64', '[2]', '[0,8]')}}`),
    /takes 16 bytes by its shape \[2\], its offsets give 8/,
  ],
  [
    'offsets beyond the file',
    () => forge(`{"a":${entry('F64', '[2]', '[0,16]')}}`),
    /lies at bytes 0 to 16 of 8/,
  ],
  ['offsets backwards', () => forge(`{"a":${entry('F64', '[1]', '[8,0]')}}`), /lies at bytes 8 to 0/],
  ['negative offsets', () => forge(`{"a":${entry('F64', '[1]', '[-8,0]')}}`), /no pair of offsets/],
  [
    'an overlap',
    () => forge(`{"a":${entry('F64', '[1]', '[0,8]')},"b":${entry('U8', '[4]', '[4,8]')}}`),
    /"b" begins at byte 4, the one before it ends at 8/,
  ],
  [
    'a hole',
    () => forge(`{"a":${entry('U8', '[2]', '[0,2]')},"b":${entry('U8', '[4]', '[4,8]')}}`),
    /"b" begins at byte 4, the one before it ends at 2/,
  ],
  ['metadata that is no text', () => forge('{"__metadata__":{"a":1}}', 0), /__metadata__/],
  ['a name that draws on the terminal', () => forge('{"\\u001b[2J\\n":null}'), /\\x1b\[2J\\x0a/],
];

for (const [name, make, fault] of hostile) {
  test(`refuses ${name}, in one line and soon`, () => {
    const bytes = make();
    const started = performance.now();
    let caught: unknown;
    try {
      decodeSafetensors(bytes);
    } catch (error) {
      caught = error;
    }
    expect(performance.now() - started).toBeLessThan(2000);
    expect(caught).toBeInstanceOf(RiskopsError);
    expect((caught as RiskopsError).code).toBe('MODEL_FILE_INVALID');
    expect((caught as Error).message).toMatch(fault);
    expect((caught as Error).message).not.toMatch(/[\n\r\u001b]/);
  });
}
