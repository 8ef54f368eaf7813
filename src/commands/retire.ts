import { RiskopsError } from '../errors.js';
import { retireModel } from '../registry/retire.js';
import type { Command } from './command.js';
import { warnOfBrokenHistory } from './history-warning.js';
import { chosenModel, modelOption, withStore } from './project-store.js';

export const command: Command = {
  options: [modelOption, { flag: '--reason <text>', description: 'why; callers are told it' }],
  details:
    'No version of the model is current any more. A server that runs answers 404 NO_CURRENT_MODEL from the next request on, with who retired it and why; what is in flight is still answered. riskops rollback brings the last version back.',
  examples: ['riskops retire --model credit --reason "the product was closed"'],
  async run({ flags, project, output }) {
    const reason = (flags['reason'] as string | undefined)?.trim();
    if (!reason) {
      throw new RiskopsError('USAGE', {
        what: 'riskops retire needs --reason.',
        why: 'Callers are told it, and the history keeps it.',
        fix: 'riskops retire --reason "..."',
      });
    }
    return withStore(project, 'write', async (store) => {
      const model = await chosenModel(store, project, flags);
      await warnOfBrokenHistory(store, output);
      const done = await retireModel(store, { model, actor: project.actor, reason });
      output.result(done, () => [
        `${model} is retired: version ${done.from_version} was current. Undo: riskops rollback --model ${model}`,
      ]);
      return undefined;
    });
  },
};
