import { Transform, type TransformCallback } from 'node:stream';
import { archiveInvalid } from './manifest.js';

const BLOCK = 512;
const KINDS: Record<string, string> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '5': 'a folder',
  '6': 'a pipe',
};

/**
 * Looks at the headers of a tar stream before anything else reads it, and lets only plain files in the ustar format pass: our
 * archives have nothing else. Links and devices end here, and so do extended headers, which a reader would take into memory
 * at whatever size they claim. The end must be there: a stream that was cut off between two files is refused too.
 */
export class TarGuard extends Transform {
  #header = Buffer.alloc(0);
  /** Bytes of the file that are yet to come, with its padding. */
  #left = 0;
  #ended = false;

  override _transform(chunk: Buffer, _: string, done: TransformCallback): void {
    try {
      for (let at = 0; at < chunk.length; ) {
        if (this.#left > 0) {
          const passed = Math.min(this.#left, chunk.length - at);
          this.#left -= passed;
          at += passed;
          continue;
        }
        const part = chunk.subarray(at, at + BLOCK - this.#header.length);
        this.#header = Buffer.concat([this.#header, part]);
        at += part.length;
        if (this.#header.length < BLOCK) break;
        this.#look(this.#header);
        this.#header = Buffer.alloc(0);
      }
      done(null, chunk);
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    const isWhole = this.#ended && this.#left === 0 && this.#header.length === 0;
    done(isWhole ? null : archiveInvalid('it was cut off, or is no tar file'));
  }

  #look(header: Buffer): void {
    if (header.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    if (this.#ended) throw archiveInvalid('something follows its end');
    if (header.toString('latin1', 257, 263) !== 'ustar\0')
      throw archiveInvalid('it is no tar file of riskops');
    const kind = String.fromCharCode(header[156]);
    if (kind !== '0' && kind !== '\0')
      throw archiveInvalid(
        `it has ${KINDS[kind] ?? 'an entry of another kind'}, and may have plain files only`,
      );
    const size = sizeOf(header.subarray(124, 136));
    this.#left = Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** Octal digits, or for sizes from 8 GiB on the bytes of the number after a first byte of 0x80. */
function sizeOf(field: Buffer): number {
  const text = field.toString('latin1').replace(/[\0 ]+$/, '');
  const size = field[0] === 0x80 ? field.readUIntBE(6, 6) : /^[0-7]+$/.test(text) ? parseInt(text, 8) : NaN;
  const hasMore = field[0] === 0x80 && field.subarray(1, 6).some((byte) => byte !== 0);
  if (!Number.isSafeInteger(size) || hasMore) throw archiveInvalid('the size of a file in it is no number');
  return size;
}
