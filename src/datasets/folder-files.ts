import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { fileKind } from './source-kind.js';

/** A data file of a folder. */
export interface PartFile {
  /** Relative to the folder, with `/`. */
  path: string;
  kind: 'csv' | 'ndjson' | 'parquet';
  /** What the `key=value` folders above it say; null is a missing value. */
  partition: ReadonlyMap<string, string | null>;
}

/** What other programs write for a partition without a value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';

function refuse(what: string, why: string, fix: string): RiskopsError {
  return new RiskopsError('DATA_UNREADABLE', { what, why, fix });
}

/** The paths of all files below the folder, in sorted order. */
function listFiles(folder: string, inside = ''): string[] {
  const entries = readdirSync(join(folder, inside), { withFileTypes: true });
  return entries
    .filter(({ name }) => !/^[._]/.test(name))
    .flatMap((entry) => {
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) return listFiles(folder, path);
      const isFile = entry.isFile() || (entry.isSymbolicLink() && statSync(join(folder, path)).isFile());
      if (isFile) return [path];
      throw refuse(
        `${printable(join(folder, path), 400)} is no plain file.`,
        'A folder of data holds files and folders: links to folders, pipes and devices may never end.',
        'move it out of the folder',
      );
    });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function partitionOf(path: string): Map<string, string | null> {
  const pairs = path
    .split('/')
    .slice(0, -1)
    .map((name) => /^([^=]+)=(.*)$/s.exec(name))
    .filter((parts) => parts !== null);
  return new Map(pairs.map(([, key, value]) => [decoded(key), value === NO_VALUE ? null : decoded(value)]));
}

/**
 * The data files of a folder in the order of their paths, and the keys of its partitions.
 * @throws DATA_UNREADABLE for a folder without data, a file that is no data, and files with different keys
 */
export function findPartFiles(folder: string): { files: PartFile[]; keys: string[] } {
  const paths = listFiles(folder).sort();
  if (paths.length === 0)
    throw refuse(
      `The folder ${printable(folder, 400)} holds no data files.`,
      'It is empty, but for names that begin with . or _.',
      'name another folder, or a file',
    );
  const files = paths.map((path): PartFile => {
    const kind = fileKind(path);
    if (kind !== undefined) return { path, kind, partition: partitionOf(path) };
    throw refuse(
      `${printable(join(folder, path), 400)} is no data file that can be read.`,
      'Files end in .csv, .tsv, .txt, .ndjson, .jsonl, .json (also with .gz) or .parquet.',
      // It may be the store itself, which lies in data/ unless the config says otherwise.
      /\.db(-wal|-shm)?$/.test(path)
        ? 'keep the data in a folder of its own, beside that of the database'
        : 'move it out of the folder, or let its name begin with _',
    );
  });
  const keys = [...files[0].partition.keys()];
  const odd = files.find(({ partition }) => [...partition.keys()].join('\0') !== keys.join('\0'));
  if (odd !== undefined)
    throw refuse(
      `${printable(join(folder, odd.path), 400)} lies in other key=value folders than ${printable(files[0].path, 400)}.`,
      `Its keys are ${[...odd.partition.keys()].map((key) => printable(key)).join(', ') || 'none'}, the others' ${keys.map((key) => printable(key)).join(', ') || 'none'}.`,
      'give all files of the folder the same keys, in the same order',
    );
  return { files, keys };
}
