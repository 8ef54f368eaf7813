import { latestRun } from '../tracking/read-runs.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { describeRun } from './runs-show.js';

export const command: Command = {
  options: [{ flag: '--model <name>', description: 'of this model' }],
  examples: ['riskops runs latest', 'riskops runs latest --json'],
  async run({ flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const run = await latestRun(store, { model: flags['model'] as string | undefined });
      output.result(run, () => describeRun(run));
      return undefined;
    });
  },
};
