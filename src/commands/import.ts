import { resolve } from 'node:path';
import { importStore, unpackExport } from '../pipeline/archive/import-store.js';
import { archiveLimits, limitOptions } from './archive-limits.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  args: '<file>',
  options: limitOptions,
  details:
    'Checks every hash and record of the archive first; then everything comes in at once, or nothing. Runs that are here already with equal content are passed over; versions of a model that is here already get its next numbers. History, aliases and the holdout ledger come only into an empty store.\nExit code: 0 taken in, 4 no such file, 65 the archive is refused, or the store has a run of it with other content.',
  examples: ['riskops import store.tar.gz', 'riskops import run.tar.gz --json'],
  async run({ args, flags, project, output, signal }) {
    const options = {
      limits: archiveLimits(flags),
      onProgress: (text: string) => output.progress(text),
      signal,
    };
    const { database } = project.places;
    const unpacked = await unpackExport(resolve(args[0]), database, options);
    try {
      return await withStore(project, 'create', async (store) => {
        const done = await importStore(store, unpacked, options);
        const added = done.versions.filter(({ known }) => !known);
        output.result(done, () => [
          `Imported ${done.runs.imported} run(s) and ${added.length} version(s); ${done.runs.known} run(s) and ${done.versions.length - added.length} version(s) were here already.`,
          ...added
            .filter(({ from, to }) => from !== to)
            .map(({ model, from, to }) => `Version ${from} of ${model} is version ${to} here.`),
          ...(done.promotions === 0 ? [] : [`History: ${done.promotions} row(s).`]),
          ...(done.predictions === 0 ? [] : [`Predictions: ${done.predictions}.`]),
          ...(done.left_out.length === 0
            ? []
            : [`Left out, since this store has its own: ${done.left_out.join(', ')}.`]),
          ...(done.missing === 0
            ? []
            : [`${done.missing} files were lost before the archive was made: riskops doctor`]),
          'Next: riskops runs list',
        ]);
        return undefined;
      });
    } finally {
      unpacked.remove();
    }
  },
};
