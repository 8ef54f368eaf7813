import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/** A path for the record: relative with `/` where it lies inside the project, so that the project can be moved. */
export function recordedPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/');
}

/** `sqlite:PATH#QUERY` has a path inside; `postgres://...` has none. */
const SQLITE = /^sqlite:([^#]*)(#[\s\S]*)?$/;
const POSTGRES = /^postgres(ql)?:\/\//;

function mapPath(source: string, map: (path: string) => string): string {
  if (POSTGRES.test(source)) return source;
  const found = SQLITE.exec(source);
  return found === null ? map(source) : `sqlite:${map(found[1])}${found[2] ?? ''}`;
}

/** A data source for the record: as `recordedPath` where it is a file, a folder or a database in a file. */
export function recordedSource(root: string, source: string): string {
  return mapPath(source, (path) => recordedPath(root, resolve(path)));
}

/** The source of a record, to be used from any folder. */
export function usableSource(root: string, recorded: string): string {
  return mapPath(recorded, (path) => resolve(root, path));
}

/** Whether the file, folder or database file is there; of a database server nobody knows before it is asked. */
export function sourceExists(source: string): boolean {
  if (POSTGRES.test(source)) return true;
  return existsSync(SQLITE.exec(source)?.[1] ?? source);
}
