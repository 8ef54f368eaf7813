import { deleteRuns } from '../tracking/deletion.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { runChangeLines } from './run-changes.js';

export const command: Command = {
  args: '<runs...>',
  options: [],
  details:
    'Moves runs to the trash, with the versions that they made: all that are named or, when one is in use, none. riskops runs restore brings them back until riskops gc has emptied the trash. Runs below a deleted one stay.\nA run that goes on, is protected, or made a version that is or was current, was approved or has an alias is refused, and there is no flag that forces it. Exit code: 0 deleted, 2 in use, 4 no such run.',
  examples: ['riskops runs delete 3f9c21aa', 'riskops runs delete 3f9c21aa 77b0e5d2'],
  async run({ args, project, output }) {
    return withStore(project, 'write', async (store) => {
      const runs = await deleteRuns(store, args);
      output.result({ runs }, () =>
        runChangeLines(runs, { did: 'is in the trash', already: 'was in the trash already' }),
      );
      return undefined;
    });
  },
};
