import { existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DoctorCheck, Finding } from './check.js';

const MEGABYTE = 1024 * 1024;
const LEAST_MB = 200;

/** The disks of database and artifacts: a backup or a migration needs the size of the database once more. */
export const diskSpace: DoctorCheck = {
  name: 'disk space',
  async run({ places }) {
    const database = statSync(places.database, { throwIfNoEntry: false })?.size ?? 0;
    const folders = [existingFolder(dirname(places.database)), existingFolder(places.artifacts)];
    const found = [];
    for (const folder of new Set(folders)) {
      const { bavail, bsize } = await statfs(folder);
      found.push(spaceFinding(folder, bavail * bsize, database));
    }
    const low = found.filter(({ severity }) => severity !== 'ok');
    return low.length > 0 ? low : found.slice(0, 1);
  },
};

/** A folder that is not there yet will be made on the disk of the one above it. */
function existingFolder(folder: string): string {
  let at = folder;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

/** @param available bytes that this user may still write @param database bytes of the database */
export function spaceFinding(path: string, available: number, database: number): Omit<Finding, 'check'> {
  const [left, need] = [
    Math.floor(available / MEGABYTE),
    Math.max(LEAST_MB, Math.ceil((2 * database) / MEGABYTE)),
  ];
  if (left >= need) return { severity: 'ok', message: `${left.toLocaleString('en-US')} MB are free.`, path };
  return {
    severity: 'warning',
    message: `Only ${left} MB are free at ${path}, and ${need} should be, so that a copy of the database fits.`,
    remedy: 'make room',
    path,
  };
}
