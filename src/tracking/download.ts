import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { codeOf, explainFileError } from '../storage/io-errors.js';
import type { Store } from '../storage/store.js';
import { syncFolder } from '../util/files.js';
import { printable, suggestWord } from '../util/text.js';
import { checkArtifactPath } from './artifacts.js';
import { findRun } from './find-run.js';

export interface DownloadOptions {
  /** One artifact, or a folder of artifacts; all of the run's when left out. */
  path?: string;
  /** For one artifact a file, or a folder that is there; else the folder that all go into. */
  out: string;
  /** Replaces files that are there. */
  force?: boolean;
}

export interface Download {
  run_id: string;
  files: { path: string; to: string; bytes: number; sha256: string }[];
  /** Artifacts that could not be had: their content is gone or damaged. The others are there. */
  failed: { path: string; why: string }[];
}

interface Wanted {
  path: string;
  sha256: string;
  bytes: number;
  blob: string;
  /** The file to write. */
  to: string;
  /** The folder that was asked for: neither it nor what is below may be a link. Null for one file of a name that was given. */
  top: string | null;
}

/**
 * Writes artifacts of a run out of the store. Each file gets its name when its SHA-256 is proved and it is on disk.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, ARTIFACT_NOT_FOUND, ALREADY_EXISTS (nothing is written then), ARTIFACT_REFUSED when
 *   a link stands in the way, STORE_IO
 */
export async function downloadArtifacts(
  store: Store,
  idOrPrefix: string,
  { path, out, force = false }: DownloadOptions,
): Promise<Download> {
  const { run_id } = await findRun(store, idOrPrefix);
  const wanted = await wantedArtifacts(store, run_id, path, resolve(out));
  for (const { to, top } of wanted) checkTarget(to, top, force);
  const done: Download = { run_id, files: [], failed: [] };
  for (const artifact of wanted) {
    const { path, to, bytes, sha256 } = artifact;
    try {
      await writeOut(store, artifact, force);
      done.files.push({ path, to, bytes, sha256 });
    } catch (error) {
      if (!isLost(error)) throw explainFileError(error, to);
      done.failed.push({ path, why: error.why ?? error.message });
    }
  }
  return done;
}

const isLost = (error: unknown): error is RiskopsError =>
  error instanceof RiskopsError && ['ARTIFACT_NOT_FOUND', 'ARTIFACT_DAMAGED'].includes(error.code);

async function wantedArtifacts(
  store: Store,
  runId: string,
  path: string | undefined,
  out: string,
): Promise<Wanted[]> {
  const rows = await store.db
    .selectFrom('artifacts')
    .select(['path', 'sha256', 'bytes', 'blob'])
    .where('run_id', '=', runId)
    .orderBy('path')
    .execute();
  // Names are checked when they are kept; a database may have been written by others.
  for (const row of rows) checkArtifactPath(row.path);
  const one = rows.find((row) => row.path === path);
  if (one !== undefined) {
    const isFolder = lstatSync(out, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const to = isFolder ? join(out, basename(one.path)) : out;
    return [{ ...one, to, top: isFolder ? out : null }];
  }
  const prefix = path === undefined ? '' : `${path.replace(/\/+$/, '')}/`;
  const below = rows.filter((row) => row.path.startsWith(prefix));
  if (below.length === 0) throw nothingThere(runId, path, rows);
  return below.map((row) => ({ ...row, to: join(out, ...row.path.split('/')), top: out }));
}

function nothingThere(runId: string, path: string | undefined, rows: { path: string }[]): RiskopsError {
  const paths = rows.map((row) => row.path);
  return new RiskopsError('ARTIFACT_NOT_FOUND', {
    what: `run ${runId.slice(0, 8)} keeps no ${path === undefined ? 'file' : printable(path)}`,
    why: path === undefined || paths.length === 0 ? 'it has no artifact' : suggestWord(path, paths),
    fix: `riskops runs show ${runId.slice(0, 8)}`,
  });
}

/** @throws ALREADY_EXISTS, ARTIFACT_REFUSED */
function checkTarget(to: string, top: string | null, force: boolean): void {
  for (let folder = dirname(to); top !== null && folder.length >= top.length; folder = dirname(folder)) {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found !== undefined && !found.isDirectory()) throw inTheWay(folder, found.isSymbolicLink());
  }
  const found = lstatSync(to, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw inTheWay(to, false, 'a folder');
  if (found === undefined || force) return;
  throw new RiskopsError('ALREADY_EXISTS', {
    what: `${printable(to)} is there already`,
    why: 'a file is not written over unless you say so',
    fix: 'add --force, or choose another --out',
  });
}

function inTheWay(path: string, isLink: boolean, what = 'a file'): RiskopsError {
  return new RiskopsError('ARTIFACT_REFUSED', {
    what: `${printable(path)} is in the way`,
    why: isLink ? 'it is a symbolic link, and is not written through' : `it is ${what}`,
    fix: 'choose another --out',
  });
}

async function writeOut(store: Store, { blob, sha256, to, top }: Wanted, force: boolean): Promise<void> {
  const content = await store.blobs.openRead(blob, { sha256 });
  mkdirSync(dirname(to), { recursive: true });
  // Somebody may have put a link there since the first look.
  checkTarget(to, top, force);
  const temporary = `${to}.tmp-${randomBytes(6).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o644);
  try {
    for await (const chunk of content) await handle.appendFile(chunk as Buffer);
    await handle.sync();
    if (force) await rename(temporary, to);
    else await giveName(temporary, to, top);
    syncFolder(dirname(to));
  } finally {
    await handle.close();
    await rm(temporary, { force: true });
  }
}

/** A name that somebody took meanwhile is not taken away: `link` refuses it. Some file systems have no links. */
async function giveName(temporary: string, to: string, top: string | null): Promise<void> {
  try {
    await link(temporary, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') checkTarget(to, top, false);
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    checkTarget(to, top, false);
    await rename(temporary, to);
  }
}
