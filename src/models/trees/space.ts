const PAGE = 65_536;

/** The pages that a space takes at a time, when less is asked for: 1 MiB. */
const LEAST_PAGES = 16;

/** Arrays begin where a line of the processor's cache does. */
const LINE = 64;

/** The memory that kernels and threads share, of up to 4 GiB; its first page is left empty. */
export function openMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
}

/**
 * Hands out arrays in memory that threads share: within the memory of a WebAssembly kernel, where a kernel is used, or
 * each in a buffer of its own. Each thread may open its own space on the same memory. Arrays begin as zeros.
 */
export class Space {
  private at = 0;
  private end = 0;

  constructor(readonly memory: WebAssembly.Memory | null) {}

  private take(bytes: number): [ArrayBufferLike, number] {
    if (this.memory === null) return [new SharedArrayBuffer(bytes), 0];
    const size = Math.max(LINE, Math.ceil(bytes / LINE) * LINE);
    if (this.at + size > this.end) {
      const pages = Math.max(LEAST_PAGES, Math.ceil(size / PAGE));
      const start = this.memory.grow(pages) * PAGE;
      // Another thread may have taken the pages in between.
      if (start !== this.end) this.at = start;
      this.end = start + pages * PAGE;
    }
    const offset = this.at;
    this.at += size;
    return [this.memory.buffer, offset];
  }

  bytes(length: number): Uint8Array {
    const [buffer, offset] = this.take(length);
    return new Uint8Array(buffer, offset, length);
  }

  ints(length: number): Int32Array {
    const [buffer, offset] = this.take(length * 4);
    return new Int32Array(buffer, offset, length);
  }

  numbers(length: number): Float64Array {
    const [buffer, offset] = this.take(length * 8);
    return new Float64Array(buffer, offset, length);
  }
}
