import { statSync } from 'node:fs';

export type SourceKind = 'csv' | 'ndjson' | 'parquet' | 'folder' | 'sqlite' | 'postgres';

/** What kind of source a path names: by how it begins, whether it is a folder, and how it ends. */
export function sourceKind(path: string): SourceKind {
  if (path.startsWith('sqlite:')) return 'sqlite';
  if (/^postgres(ql)?:\/\//.test(path)) return 'postgres';
  return fileKind(path) ?? (isFolder(path) ? 'folder' : 'csv');
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The kind of a file by its ending; undefined for an ending that says nothing. */
export function fileKind(path: string): 'csv' | 'ndjson' | 'parquet' | undefined {
  const name = path.toLowerCase();
  if (/\.(csv|tsv|txt)(\.gz)?$/.test(name)) return isFolder(path) ? undefined : 'csv';
  if (/\.(ndjson|jsonl|json)(\.gz)?$/.test(name)) return isFolder(path) ? undefined : 'ndjson';
  return name.endsWith('.parquet') && !isFolder(path) ? 'parquet' : undefined;
}
