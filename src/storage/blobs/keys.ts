import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';

/** Names that Windows gives to devices, with or without an ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** The name of a file that `put` has not finished. */
export const UNFINISHED = /\.tmp-[0-9a-f]{12}$/;

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
