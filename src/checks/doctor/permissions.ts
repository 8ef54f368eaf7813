import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DoctorCheck, Finding } from './check.js';

type Found = Omit<Finding, 'check'>;

/** Who may write the store: this user should, everybody should not. */
export const permissions: DoctorCheck = {
  name: 'permissions',
  async run({ places }) {
    const folder = dirname(places.database);
    const wanted: [string, string][] = [
      ['the database', places.database],
      // SQLite makes its log beside the database.
      ["the database's folder", folder],
      ['the folder of artifacts', places.artifacts],
      ['the folder of current.json', dirname(places.currentModel)],
      ['current.json', places.currentModel],
    ];
    const there = wanted.filter(([, path]) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
    const findings = there.flatMap(([what, path]) => [...unwritable(what, path), ...open(what, path)]);
    if (findings.length > 0 || there.length === 0) return findings;
    return [{ severity: 'ok', message: 'This user may write the store, and not everybody may.' }];
  },
};

/** A warning and no error: a server may well be run by a user who only reads. */
function unwritable(what: string, path: string): Found[] {
  try {
    accessSync(path, constants.W_OK);
    return [];
  } catch {
    return [
      {
        severity: 'warning',
        message: `This user may not write ${what}: training, promoting and the prediction log will fail.`,
        remedy: `give this user the right to write ${path}`,
        path,
      },
    ];
  }
}

/** Whoever may write the database may promote; in a sticky folder files of others are safe. */
function open(what: string, path: string): Found[] {
  if (process.platform === 'win32') return [];
  const found = statSync(path, { throwIfNoEntry: false });
  const [OTHERS_WRITE, STICKY] = [0o002, 0o1000];
  if (found === undefined || (found.mode & OTHERS_WRITE) === 0) return [];
  if (found.isDirectory() && (found.mode & STICKY) !== 0) return [];
  return [
    {
      severity: 'warning',
      message: `Everybody on this machine may write ${what}.`,
      remedy: `chmod o-w ${path}`,
      path,
    },
  ];
}
