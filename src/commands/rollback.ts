import { rollback } from '../registry/rollback.js';
import { parseVersion } from '../registry/versions.js';
import type { Command } from './command.js';
import { chosenModel, modelOption, withStore } from './project-store.js';

export const command: Command = {
  options: [
    modelOption,
    { flag: '--to <version>', description: 'this earlier version, instead of the one before' },
    { flag: '--reason <text>', description: 'why, for the history' },
  ],
  details:
    'The model file is checked before anything changes. A server that runs answers with it from the next request on.',
  examples: ['riskops rollback', 'riskops rollback --to 2 --reason "complaints since Monday"'],
  async run({ flags, project, output }) {
    return withStore(project, 'write', async (store) => {
      const model = await chosenModel(store, project, flags);
      const to = flags['to'] === undefined ? undefined : parseVersion(flags['to'] as string);
      const done = await rollback(store, {
        model,
        actor: project.actor,
        reason: (flags['reason'] as string) ?? 'riskops rollback',
        to,
      });
      output.result(done, () => [
        `${model} is back at version ${done.to_version}, from version ${done.from_version}.`,
      ]);
      return undefined;
    });
  },
};
