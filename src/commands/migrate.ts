import { migrateBack } from '../storage/backup/migrate-back.js';
import { latestVersion } from '../storage/database/migrations.js';
import type { Command } from './command.js';
import { openProjectStore } from './project-store.js';

export const command: Command = {
  options: [
    { flag: '--back', description: 'undo the last migration: put back the copy that was made before it' },
    { flag: '--force', description: 'with --back, also when something was written since' },
  ],
  details:
    'Every command that writes migrates an older store by itself, after a copy of it; this does it by hand. After --back, work with the older riskops: this one would migrate again.\nExit code: 0 done, or nothing to do; 2 something would be lost, and --force is needed; 75 the store is in use; 78 it is of a newer riskops.',
  examples: ['riskops migrate', 'riskops migrate --back'],
  async run({ flags, project, output }) {
    if (flags['back']) {
      const done = await migrateBack(project.places.database, { force: flags['force'] === true });
      output.result(done, () => [
        `The store is back at schema version ${done.schema_version}; it had version ${done.was}.`,
        `Put back: ${done.from}`,
        `Kept: ${done.kept}, the store as it was until now`,
        'Next: install the riskops that you used before. This one migrates the store again when it writes.',
      ]);
      return undefined;
    }
    const store = await openProjectStore(project, 'write');
    const { migrated } = store;
    await store.close();
    const version = latestVersion();
    output.result(migrated ?? { from: version, to: version, backup: null }, () =>
      migrated === null
        ? [`The store is up to date: schema version ${version}.`]
        : [
            `Migrated from schema version ${migrated.from} to ${migrated.to}.`,
            `The store as it was: ${migrated.backup}. To go back: riskops migrate --back`,
          ],
    );
    return undefined;
  },
};
