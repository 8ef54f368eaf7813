import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UNFINISHED } from '../../storage/blobs/keys.js';
import type { StorePlaces } from '../../storage/store.js';
import type { DoctorCheck } from './check.js';

/** What is being written is younger; what a killed process left is never finished. */
const OLD_MS = 24 * 60 * 60 * 1000;

/** Files that a killed process left half written. */
export const leftovers: DoctorCheck = {
  name: 'leftovers',
  async run({ places, store, fix }) {
    const old = unfinishedFiles(places).filter(({ mtimeMs }) => Date.now() - mtimeMs > OLD_MS);
    if (old.length === 0) return [];
    const bytes = old.reduce((sum, { size }) => sum + size, 0);
    const said = `${old.length} file(s) that were left half written, ${bytes} bytes`;
    if (!fix || store === null)
      return [
        {
          severity: 'warning',
          message: `There are ${said}.`,
          remedy: 'riskops doctor --fix',
          path: old[0].path,
        },
      ];
    for (const { path } of old) rmSync(path, { force: true });
    return [{ severity: 'fixed', message: `Removed ${said}.` }];
  },
};

interface Unfinished {
  path: string;
  size: number;
  mtimeMs: number;
}

/** Plain files with the name of an unfinished one, below the artifacts and beside database, backups and pointer. */
function unfinishedFiles({ database, artifacts, currentModel }: StorePlaces): Unfinished[] {
  const beside = [dirname(database), join(dirname(database), 'backups'), dirname(currentModel)];
  const paths = new Set([...filesIn(artifacts, true), ...beside.flatMap((folder) => filesIn(folder, false))]);
  return [...paths].flatMap((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? [{ path, size: found.size, mtimeMs: found.mtimeMs }] : [];
  });
}

function filesIn(folder: string, recursive: boolean): string[] {
  try {
    return readdirSync(folder, { recursive, withFileTypes: true })
      .filter((entry) => entry.isFile() && UNFINISHED.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
