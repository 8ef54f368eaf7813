import { readFileSync } from 'node:fs';

/** Files besides connections: the database and its log, a model that is loaded, the program's own. */
const OTHER_FILES = 40;
const LEAST = 8;

/** How many files this process may open; null where the system does not say. */
export function fileLimit(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}

/** So many connections that files are left for the models and the log, however few the process may open. */
export function affordableConnections(wanted: number, limit = fileLimit()): number {
  return limit === null ? wanted : Math.max(LEAST, Math.min(wanted, limit - OTHER_FILES));
}
