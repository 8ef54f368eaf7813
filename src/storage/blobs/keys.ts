import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';

/** Names that Windows gives to devices, with or without an ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** The name of a file that `put` has not finished. */
export const UNFINISHED = /\.tmp-[0-9a-f]{12}$/;

/** The folder of what is kept under its hash. */
export const BLOBS = 'blobs';

/** Where content with this SHA-256 lies. */
export function contentKey(sha256: string): string {
  return `${BLOBS}/${sha256.slice(0, 2)}/${sha256}`;
}

/** Whether the key is one that content is kept under, and not that of a file somebody put there. */
export function isContentKey(key: string): boolean {
  return /^blobs\/([0-9a-f]{2})\/\1[0-9a-f]{62}$/.test(key);
}

/** Model files, and what is kept under its hash: nobody may change what a version or a run has on record. */
export function isWrittenOnce(key: string): boolean {
  return /^(blobs|models)\//.test(key);
}

function faultOf(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (Buffer.byteLength(key) > 1024) return 'it is longer than 1,024 bytes';
  if (/[\ud800-\udfff]/u.test(key)) return 'it is not well-formed Unicode';
  if (/[\u0000-\u001f\u007f]/.test(key)) return 'it has a control character';
  if (/[\\:*?"<>|]/.test(key)) return 'it has one of \\ : * ? " < > |, which not every system can keep';
  if (key.startsWith('/')) return 'it is an absolute path';
  if (UNFINISHED.test(key)) return 'it is named like an unfinished file';
  for (const part of key.split('/')) {
    if (part === '') return 'it has an empty part';
    if (part === '.' || part === '..') return `it has the part "${part}"`;
    if (/[. ]$/.test(part)) return 'a part ends in a dot or a space, which not every system can keep';
    if (DEVICE.test(part)) return `"${part}" is the name of a device on Windows`;
    if (Buffer.byteLength(part) > 200) return 'a part is longer than 200 bytes';
  }
  return undefined;
}

/**
 * A key is a relative POSIX path that means the same file on every system and in every store.
 * @throws ARTIFACT_KEY_INVALID
 */
export function checkKey(key: string): void {
  const why = faultOf(key);
  if (why !== undefined) {
    throw new RiskopsError('ARTIFACT_KEY_INVALID', {
      what: `"${printable(key)}" cannot be the path of an artifact`,
      why,
    });
  }
}
