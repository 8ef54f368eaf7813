import { existsSync, statSync } from 'node:fs';
import { backupFolder, listBackups } from '../storage/backup/backup-files.js';
import { measureFolder } from '../storage/backup/measure-folder.js';
import type { Command } from './command.js';
import { formatTable } from './table.js';

interface Place {
  name: string;
  path: string;
  exists: boolean;
  /** null: nothing is there. */
  bytes: number | null;
  files: number | null;
}

export const command: Command = {
  options: [],
  details:
    'The project is the folder of the nearest riskops.config.* upwards, else the folder of the call. Looks at names and sizes only.',
  examples: ['riskops where', 'riskops where --json'],
  async run({ project, output }) {
    const { database, artifacts, currentModel } = project.places;
    const file = (name: string, path: string): Place => {
      const found = statSync(path, { throwIfNoEntry: false });
      const bytes = found?.isFile() ? found.size : null;
      return { name, path, exists: found !== undefined, bytes, files: bytes === null ? null : 1 };
    };
    const folder = async (name: string, path: string): Promise<Place> => ({
      name,
      path,
      exists: existsSync(path),
      ...(await measureFolder(path)),
    });
    const places = [
      { ...file('project', project.root), bytes: null, files: null },
      ...(project.configPath === null ? [] : [file('config', project.configPath)]),
      file('database', database),
      await folder('artifacts', artifacts),
      file('pointer', currentModel),
      await folder('backups', backupFolder(database)),
    ];
    const backups = listBackups(database).reverse();
    output.result({ root: project.root, config: project.configPath, places, backups }, () => [
      ...formatTable(
        ['what', 'there', 'files', 'bytes', 'path'],
        places.map((place) => [
          place.name,
          place.exists ? 'yes' : 'no',
          place.files,
          place.bytes,
          place.path,
        ]),
      ),
      '',
      ...(project.configPath === null ? ['No config: riskops init writes one.'] : []),
      backups.length === 0
        ? 'No backup yet: riskops backup'
        : `Newest of ${backups.length} backup(s): ${backups[0].path}`,
      'Where each path comes from: riskops config --origin',
    ]);
    return undefined;
  },
};
