import { restoreRuns } from '../tracking/deletion.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { runChangeLines } from './run-changes.js';

export const command: Command = {
  args: '<runs...>',
  options: [],
  details:
    'Brings runs back from the trash, with the versions that went there with them. What riskops gc has collected is gone.',
  examples: ['riskops runs restore 3f9c21aa'],
  async run({ args, project, output }) {
    return withStore(project, 'write', async (store) => {
      const runs = await restoreRuns(store, args);
      output.result({ runs }, () =>
        runChangeLines(runs, { did: 'is back', already: 'was not in the trash' }),
      );
      return undefined;
    });
  },
};
