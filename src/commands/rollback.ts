import { rollback } from '../registry/rollback.js';
import { findVersion } from '../registry/versions.js';
import type { Command } from './command.js';
import { warnOfBrokenHistory } from './history-warning.js';
import { chosenModel, modelOption, withStore } from './project-store.js';
import { SERVED_HINT } from './served-hint.js';

export const command: Command = {
  options: [
    modelOption,
    {
      flag: '--to <version>',
      description: 'this earlier version, by its number or an alias, instead of the one before',
    },
    { flag: '--reason <text>', description: 'why, for the history' },
  ],
  details:
    'After riskops retire it brings the last version back. The model file is checked before anything changes. A server that runs answers with it from the next request on.',
  examples: ['riskops rollback', 'riskops rollback --to 2 --reason "complaints since Monday"'],
  async run({ flags, project, output }) {
    return withStore(project, 'write', async (store) => {
      const model = await chosenModel(store, project, flags);
      await warnOfBrokenHistory(store, output);
      const to = flags['to'] as string | undefined;
      const done = await rollback(store, {
        model,
        actor: project.actor,
        reason: (flags['reason'] as string) ?? 'riskops rollback',
        to: to === undefined ? undefined : (await findVersion(store, model, { version: to })).version,
      });
      output.result(done, () => [
        done.from_version === null
          ? `${model} is back at version ${done.to_version}; it was retired. ${SERVED_HINT}`
          : `${model} is back at version ${done.to_version}, from version ${done.from_version}. ${SERVED_HINT}`,
      ]);
      return undefined;
    });
  },
};
