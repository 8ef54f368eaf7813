import { isAscii, isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { RiskopsError } from '../errors.js';
import { sha256 } from '../util/files.js';
import { type DataFile, unreadable as fileUnreadable, packingError, withDataFile } from './data-file.js';

/** The longest text that a JavaScript string surely holds; a file is refused before it can exhaust the memory. */
export const LONGEST_TEXT = 500_000_000;

export interface DataText {
  text: string;
  /** SHA-256 of the file's own bytes, compressed or not. */
  sha256: string;
  /** Size of the file itself. */
  bytes: number;
}

const unreadable = (path: string, why: string, fix?: string, cause?: unknown) =>
  fileUnreadable(path, 'CSV', why, fix, cause);

async function unpack(file: DataFile, bytes: Buffer): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: file.maxBytes });
  } catch (error) {
    throw packingError(file, error);
  }
}

/** Files that are often taken for CSV, by their first bytes. */
const FOREIGN: [number[], string, string][] = [
  [[0x50, 0x4b, 0x03, 0x04], 'It is a ZIP archive or an Excel workbook.', 'save the sheet as "CSV UTF-8"'],
  [[0x50, 0x41, 0x52, 0x31], 'It is a Parquet file.', 'let its name end in .parquet'],
  [[0xff, 0xfe], 'Its text is UTF-16, not UTF-8.', 'iconv -f UTF-16 -t UTF-8 IN.csv > OUT.csv'],
  [[0xfe, 0xff], 'Its text is UTF-16, not UTF-8.', 'iconv -f UTF-16 -t UTF-8 IN.csv > OUT.csv'],
];

/** Whether the bytes are Korean text as Excel on Windows writes it. */
function looksKorean(line: Uint8Array): boolean {
  try {
    return /[\uac00-\ud7a3]/.test(new TextDecoder('euc-kr', { fatal: true }).decode(line));
  } catch {
    return false;
  }
}

/** Names the first byte that is not UTF-8. Line ends are never part of a longer character, so lines are checked alone. */
function invalidUtf8(path: string, bytes: Buffer): RiskopsError {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    let end = start;
    while (end < bytes.length && bytes[end] !== 10 && bytes[end] !== 13) end++;
    const content = bytes.subarray(start, end);
    if (!isUtf8(content)) {
      const readable = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content).indexOf('\ufffd');
      const good = Buffer.byteLength(
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(content).slice(0, readable),
      );
      const [guess, from] = looksKorean(content)
        ? ['; it looks like Korean in CP949', 'CP949']
        : ['', 'WINDOWS-1252'];
      const value = content[good].toString(16).padStart(2, '0');
      const why = `Line ${line}, byte ${start + good} of the file (0x${value}) is not UTF-8${guess}.`;
      return unreadable(path, why, `iconv -f ${from} -t UTF-8 IN.csv > OUT.csv`);
    }
    start = bytes[end] === 13 && bytes[end + 1] === 10 ? end + 2 : end + 1;
  }
  return unreadable(path, 'Its text is not UTF-8.');
}

function checkText(path: string, bytes: Buffer): void {
  if (bytes.length === 0) throw unreadable(path, 'It is empty.');
  const foreign = FOREIGN.find(([magic]) => magic.every((byte, i) => bytes[i] === byte));
  if (foreign) throw unreadable(path, foreign[1], foreign[2]);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw unreadable(path, `Byte ${zero} is zero: it is not a text file.`);
  if (!isUtf8(bytes)) throw invalidUtf8(path, bytes);
}

/**
 * The text of a CSV or CSV.gz file (told by its first bytes, not by its name), without a byte order mark.
 * DATA_FILE_NOT_FOUND, or DATA_UNREADABLE for what is not UTF-8 text, broken packing, or more than `maxBytes` unpacked;
 * `limitNote` says why there is this limit.
 */
export async function readDataText(
  path: string,
  { maxBytes = LONGEST_TEXT, limitNote = '' }: { maxBytes?: number; limitNote?: string } = {},
): Promise<DataText> {
  const file = { path, format: 'CSV', maxBytes: Math.min(maxBytes, LONGEST_TEXT), limitNote };
  const stored = await withDataFile(file, () => readFile(path));
  const bytes = await unpack(file, stored);
  checkText(path, bytes);
  const body = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  const text = body.toString(isAscii(body) ? 'latin1' : 'utf8');
  return { text, sha256: sha256(stored), bytes: stored.length };
}
