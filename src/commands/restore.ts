import { resolve } from 'node:path';
import { restoreStore } from '../pipeline/archive/restore-store.js';
import { archiveLimits, limitOptions } from './archive-limits.js';
import type { Command } from './command.js';

export const command: Command = {
  args: '<file>',
  options: [
    { flag: '--force', description: 'also when the store holds what the backup does not' },
    ...limitOptions,
  ],
  details:
    'Takes a backup of the database (.db) or of the whole store (.tar, .tar.gz). It is checked first; the database that is there is kept beside the new one, and current.json is written from the restored one. Nobody else may have the store open: end riskops serve before.\nExit code: 0 restored; 2 the store holds more than the backup, and --force is needed; 4 no such file; 65 the backup is damaged; 75 the store is in use; 78 the backup is of a newer riskops.',
  examples: [
    'riskops restore data/backups/riskops-20260301T120000000Z.db',
    'riskops restore /mnt/safe/store.tar.gz --force',
  ],
  async run({ args, flags, project, output, signal }) {
    const done = await restoreStore(project.places, resolve(args[0]), {
      force: flags['force'] === true,
      limits: archiveLimits(flags),
      onProgress: (text) => output.progress(text),
      signal,
    });
    output.result(done, () => [
      `Restored ${project.places.database} from ${done.from} (schema version ${done.schema_version}).`,
      ...(done.files === null ? [] : [`Files put back: ${done.files}`]),
      done.kept === null ? 'There was no store before.' : `The store as it was: ${done.kept}`,
      done.pointer_written ? 'current.json was written from it.' : 'current.json says what it says.',
      'Next: riskops doctor',
    ]);
    return undefined;
  },
};
