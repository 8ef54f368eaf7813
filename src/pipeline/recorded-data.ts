import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { sha256File } from '../util/files.js';
import { printable } from '../util/text.js';
import type { RecordedFile } from './recorded-plan.js';

/** How the user names the file when it lies elsewhere now. */
interface Search {
  /** The project's folder. */
  root: string;
  /** The run, as the next command should name it. */
  run: string;
  /** A file in place of the recorded path. */
  instead: string | undefined;
  flag: '--data' | '--test-data';
}

/**
 * The absolute path of a file that a run learned from, proved by its SHA-256 before anything is read from it.
 * @throws DATA_FILE_NOT_FOUND, DATA_CHANGED naming the file and both hashes
 */
export async function findRecordedData({ path, sha256 }: RecordedFile, search: Search): Promise<string> {
  const { root, run, instead, flag } = search;
  const found = resolve(root, instead ?? path);
  const elsewhere = `riskops reproduce ${run} ${flag} FILE, with the file as it was then`;
  // A pipe would never end, and a folder has no bytes.
  if (!statSync(found, { throwIfNoEntry: false })?.isFile()) {
    throw new RiskopsError('DATA_FILE_NOT_FOUND', {
      what: `${printable(found, 400)} is not there.`,
      why: `Run ${run} learned from ${printable(path, 400)}${sha256 === null ? '' : `, SHA-256 ${sha256}`}.`,
      fix: elsewhere,
      details: { path: found, recorded_path: path, recorded_sha256: sha256 },
    });
  }
  const now = await sha256File(found);
  if (sha256 === null || now === sha256) return found;
  throw new RiskopsError('DATA_CHANGED', {
    what: `${printable(found, 400)} is not the file that run ${run} learned from: its bytes are others.`,
    why: `Its SHA-256 is ${now}, and the run recorded ${sha256}.`,
    fix: elsewhere,
    details: { path: found, recorded_path: path, sha256: now, recorded_sha256: sha256 },
  });
}
