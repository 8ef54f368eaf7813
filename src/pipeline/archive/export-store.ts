import { mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Kysely } from 'kysely';
import { refuseExisting } from '../../storage/backup/backup-database.js';
import type { Database } from '../../storage/database/schema.js';
import { removeUnfinished, unfinishedName } from '../../storage/database/sqlite-copy.js';
import { explainFileError } from '../../storage/io-errors.js';
import type { Store } from '../../storage/store.js';
import { makeFolder } from '../../util/files.js';
import { type Chosen, chooseRuns, type ExportChoice } from './choose-runs.js';
import { findFiles, type RecordedFile } from './files-on-record.js';
import { predictionLines, registryLines, versionLines } from './registry-lines.js';
import { runLines } from './run-lines.js';
import { RecordFile, type Source, writeArchive } from './write-archive.js';

export type { ExportChoice } from './choose-runs.js';

export interface Exported {
  path: string;
  bytes: number;
  runs: number;
  versions: number;
  promotions: number;
  files: number;
  /** Files on record that are gone or changed: keys below the artifacts folder. */
  missing: string[];
}

interface Told {
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
}

/**
 * Writes runs and models into one archive: records as lines of JSON, and the files they name, each once. Records are read in
 * one snapshot, whatever others write meanwhile. The same content gives the same bytes.
 * @throws USAGE, ALREADY_EXISTS, RUN_NOT_FOUND, MODEL_NOT_FOUND, VERSION_NOT_FOUND, STORE_IO
 */
export async function exportStore(
  store: Store,
  path: string,
  choice: ExportChoice,
  { onProgress = () => {}, signal }: Told = {},
): Promise<Exported> {
  refuseExisting(path);
  const chosen = await chooseRuns(store, choice);
  const staging = unfinishedName(path);
  try {
    makeFolder(dirname(path));
    removeUnfinished(dirname(path), basename(path));
    mkdirSync(staging);
    onProgress('reading the records');
    const records = await store.db
      .transaction()
      .execute((db) => writeRecords(db, staging, { ...choice, ...chosen, signal }));
    onProgress('proving the files');
    const { sources, missing } = await findFiles(store.blobs, records.files, signal);
    onProgress(`writing ${sources.length} files`);
    await writeArchive(path, {
      kind: 'export',
      counts: { ...records.counts, files: sources.length },
      missing: missing.map(({ sha256 }) => sha256),
      sources: [...records.sources, ...sources],
      signal,
    });
    const { runs = 0, versions = 0, promotions = 0 } = records.counts;
    const counts = { runs, versions, promotions, files: sources.length };
    return { path, bytes: statSync(path).size, ...counts, missing: missing.map(({ key }) => key) };
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

type RecordsWanted = ExportChoice & Chosen & Pick<Told, 'signal'>;

interface Records {
  sources: Source[];
  files: RecordedFile[];
  counts: Record<string, number>;
}

async function writeRecords(db: Kysely<Database>, folder: string, wanted: RecordsWanted): Promise<Records> {
  const record = (name: string) => new RecordFile(`records/${name}.ndjson`, join(folder, name));
  const files = new Map<string, RecordedFile>();
  const note = (key: string, sha256: string) => files.set(`${sha256} ${key}`, { key, sha256 });
  const { all = false, predictions = false } = wanted;
  const runs = record('runs');
  // What began since the choice was made is in the snapshot, and a version without its run would be of no use.
  const runIds = new Set(all ? await allRuns(db) : wanted.runIds);
  const isVersion: Chosen['isVersion'] = (version) => runIds.has(version.run_id) && wanted.isVersion(version);
  for (const runId of runIds) {
    wanted.signal?.throwIfAborted();
    for await (const line of runLines(db, runId)) runs.add(line);
    const artifacts = db.selectFrom('artifacts').select(['blob', 'sha256']).where('run_id', '=', runId);
    for (const { blob, sha256 } of await artifacts.execute()) note(blob, sha256);
  }
  const versions = record('versions');
  const versionCount = await addAll(versions, versionLines(db, isVersion, all), '{"version"');
  const modelFiles = await db
    .selectFrom('versions')
    .select(['model', 'version', 'run_id', 'path', 'sha256'])
    .execute();
  for (const row of modelFiles) if (isVersion(row)) note(row.path, row.sha256);
  const counts: Record<string, number> = { runs: runIds.size, versions: versionCount };
  const sources = [runs.close(), versions.close()];
  if (all) {
    const registry = record('registry');
    counts['promotions'] = await addAll(registry, registryLines(db), '{"promotion"');
    sources.push(registry.close());
  }
  if (all && predictions) {
    const segments = record('predictions');
    counts['prediction_segments'] = await addAll(segments, predictionLines(db), '{"segment"');
    sources.push(segments.close());
  }
  return { sources, files: [...files.values()], counts };
}

async function allRuns(db: Kysely<Database>): Promise<string[]> {
  const rows = await db.selectFrom('runs').select('run_id').orderBy('sequence').execute();
  return rows.map(({ run_id }) => run_id);
}

/** @returns how many of the lines begin with `counted` */
async function addAll(file: RecordFile, lines: AsyncIterable<string>, counted: string): Promise<number> {
  let count = 0;
  for await (const line of lines) {
    file.add(line);
    if (line.startsWith(counted)) count++;
  }
  return count;
}
