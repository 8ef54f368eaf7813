import { statSync } from 'node:fs';
import { readTable } from '../datasets/read-table.js';
import { fileKind, sourceKind } from '../datasets/source-kind.js';
import { RiskopsError } from '../errors.js';
import { sha256File } from '../util/files.js';
import { printable } from '../util/text.js';
import type { RecordedFile } from './recorded-plan.js';
import { sourceExists, usableSource } from './source-paths.js';

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
  const found = usableSource(root, instead ?? path);
  const kind = sourceKind(found);
  const isFile = kind === 'csv' || kind === 'ndjson' || kind === 'parquet' || fileKind(path) !== undefined;
  const elsewhere = `riskops reproduce ${run} ${flag} FILE, with the file as it was then`;
  // A pipe would never end, and a folder has no bytes.
  const isThere = isFile ? statSync(found, { throwIfNoEntry: false })?.isFile() : sourceExists(found);
  if (!isThere) {
    throw new RiskopsError('DATA_FILE_NOT_FOUND', {
      what: `${printable(found, 400)} is not there.`,
      why: `Run ${run} learned from ${printable(path, 400)}${sha256 === null ? '' : `, SHA-256 ${sha256}`}.`,
      fix: elsewhere,
      details: { path: found, recorded_path: path, recorded_sha256: sha256 },
    });
  }
  // What a folder or a query holds is told by reading it.
  const now = isFile ? await sha256File(found) : (await readTable(found)).source.sha256;
  if (sha256 === null || now === sha256) return found;
  throw new RiskopsError('DATA_CHANGED', {
    what: `${printable(found, 400)} is not what run ${run} learned from: its bytes are others.`,
    why: `Its SHA-256 is ${now}, and the run recorded ${sha256}.`,
    fix: elsewhere,
    details: { path: found, recorded_path: path, sha256: now, recorded_sha256: sha256 },
  });
}
