/** A message of protocol buffers, written field by field: see protobuf.dev, "Encoding". */
export class ProtobufWriter {
  private readonly parts: Buffer[] = [];

  private head(field: number, wireType: number): void {
    this.parts.push(varint(field * 8 + wireType));
  }

  /** A whole number from 0 to 2^53. */
  int(field: number, value: number): this {
    this.head(field, 0);
    this.parts.push(varint(value));
    return this;
  }

  float(field: number, value: number): this {
    this.head(field, 5);
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.parts.push(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.head(field, 2);
    this.parts.push(varint(value.length), Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, message: ProtobufWriter): this {
    return this.bytes(field, message.finish());
  }

  /** Packed, little-endian. */
  floats(field: number, values: ArrayLike<number>): this {
    return this.bytes(field, littleEndian(values, 4));
  }

  /** Packed. */
  ints(field: number, values: ArrayLike<number>): this {
    return this.bytes(field, Buffer.concat(Array.from(values, varint)));
  }

  finish(): Buffer {
    return Buffer.concat(this.parts);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Numbers as float32 (4 bytes) or float64 (8 bytes), the least byte first on every machine. */
export function littleEndian(values: ArrayLike<number>, size: 4 | 8): Buffer {
  const bytes = Buffer.alloc(values.length * size);
  for (let i = 0; i < values.length; i++) {
    if (size === 4) bytes.writeFloatLE(values[i], i * 4);
    else bytes.writeDoubleLE(values[i], i * 8);
  }
  return bytes;
}
