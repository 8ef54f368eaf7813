import { createHash } from 'node:crypto';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { openPlainFile } from './plain-file.js';

/**
 * A plain file in chunks. With `expected` the bytes are proved on the way: whoever takes them all and meets no error
 * has what was kept.
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_REFUSED, ARTIFACT_DAMAGED after the last chunk
 */
export async function* readVerified(path: string, expected?: string): AsyncGenerator<Buffer> {
  const handle = await openPlainFile(path);
  const hash = createHash('sha256');
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(1 << 18);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      const part = chunk.subarray(0, bytesRead);
      if (expected !== undefined) hash.update(part);
      yield part;
    }
  } finally {
    await handle.close();
  }
  if (expected === undefined || hash.digest('hex') === expected) return;
  throw new RiskopsError('ARTIFACT_DAMAGED', {
    what: `${printable(path)} is damaged`,
    why: 'its SHA-256 is not the one on record',
  });
}
