import { kernelModule } from '../util/package.js';

interface Exports {
  memory: WebAssembly.Memory;
  heapBase(): number;
  leastNow(): number;
  greatestNow(): number;
  missingNow(): number;
  measure(at: number, count: number): void;
  countWhole(at: number, count: number, from: number, field: number): number;
  countParts(at: number, count: number, bits: bigint, ends: number): void;
  divide(at: number, count: number, bits: bigint, ends: number, sorted: number): void;
  countPart(at: number, count: number, bits: bigint, table: number, tableBits: bigint): number;
}

/** What `describeColumn` asks of a column of numbers. */
export interface NumberFacts {
  min: number;
  max: number;
  missing: number;
  distinct: number;
}

const PAGE = 65_536;
/** Whole numbers over a range of this size are counted in a field of bytes, which is quickest. */
export const FIELD_RANGE = 1 << 22;
/** Values of one part, so that its table stays near the processor. */
const PART = 1 << 13;
/** Longer columns would not fit into a kernel's memory twice. */
const MOST_VALUES = 1 << 27;

/** `assembly/describe.ts` with its memory, for one column after the other. */
export class DescribeKernel {
  private readonly wasm: Exports;

  private constructor(module: WebAssembly.Module) {
    this.wasm = new WebAssembly.Instance(module).exports as unknown as Exports;
  }

  /** Null where kernels do not run. */
  static create(): DescribeKernel | null {
    const module = kernelModule('describe');
    return module === null ? null : new DescribeKernel(module);
  }

  /** Undefined for a column that is too long. */
  describe(values: Float64Array): NumberFacts | undefined {
    const count = values.length;
    if (count > MOST_VALUES) return undefined;
    const at = Math.ceil(this.wasm.heapBase() / 64) * 64;
    const even = count + (count % 2);
    // Room for the values twice, and for what counts them.
    reserve(this.wasm.memory, at + 2 * even * 8 + FIELD_RANGE + PAGE);
    const column = new Float64Array(this.wasm.memory.buffer as ArrayBuffer, at, even);
    column.set(values);
    if (even > count) column[count] = Number.NaN;
    this.wasm.measure(at, even);
    const [min, max] = [this.wasm.leastNow(), this.wasm.greatestNow()];
    const missing = this.wasm.missingNow() - (even - count);
    return { min, max, missing, distinct: missing === count ? 0 : this.countDistinct(column, min, max) };
  }

  private countDistinct(column: Float64Array, min: number, max: number): number {
    const { byteOffset: at, length } = column;
    const free = at + length * 8;
    if (Number.isInteger(min) && max - min < FIELD_RANGE) {
      new Uint8Array(column.buffer, free, max - min + 1).fill(0);
      const whole = this.wasm.countWhole(at, length, min, free);
      if (whole >= 0) return whole;
    }
    return this.countByParts(column, min <= 0 && max >= 0 && column.includes(0) ? 1 : 0);
  }

  /** Values with one hash fall into one part; `zeros` is 1 when 0 is among them, which no table holds. */
  private countByParts({ buffer, byteOffset: at, length }: Float64Array, zeros: number): number {
    const bits = Math.max(1, Math.ceil(Math.log2(length / PART)));
    const sorted = at + length * 8;
    const endsAt = sorted + length * 8;
    const ends = new Uint32Array(buffer, endsAt, 1 << bits).fill(0);
    this.wasm.countParts(at, length, BigInt(bits), endsAt);
    for (let part = 0, sum = 0; part < ends.length; part++) {
      const count = ends[part];
      ends[part] = sum;
      sum += count;
    }
    this.wasm.divide(at, length, BigInt(bits), endsAt, sorted);
    const counter = new PartCounter(this.wasm, endsAt + ends.byteLength, bits);
    let [distinct, start] = [zeros, 0];
    for (const end of Uint32Array.from(ends)) {
      distinct += counter.count(sorted + start * 8, end - start);
      start = end;
    }
    return distinct;
  }
}

/** Counts the distinct values of parts by one table, which grows when a part has many. */
class PartCounter {
  private tableBits = Math.log2(4 * PART);

  constructor(
    private readonly wasm: Exports,
    private readonly tableAt: number,
    private readonly bits: number,
  ) {}

  count(at: number, values: number): number {
    for (; values > 0; this.tableBits++) {
      const size = 2 ** this.tableBits;
      reserve(this.wasm.memory, this.tableAt + 8 * size);
      new Float64Array(this.wasm.memory.buffer as ArrayBuffer, this.tableAt, size).fill(0);
      const found = this.wasm.countPart(at, values, BigInt(this.bits), this.tableAt, BigInt(this.tableBits));
      if (found >= 0) return found;
    }
    return 0;
  }
}

/** Makes the memory at least this large. */
function reserve(memory: WebAssembly.Memory, bytes: number): void {
  const lacking = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (lacking > 0) memory.grow(lacking);
}
