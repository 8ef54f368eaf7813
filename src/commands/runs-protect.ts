import { protectRuns } from '../tracking/deletion.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { runChangeLines } from './run-changes.js';

export const command: Command = {
  args: '<runs...>',
  options: [{ flag: '--off', description: 'no longer protect them' }],
  details: 'A protected run cannot be deleted until the protection is taken off.',
  examples: ['riskops runs protect 3f9c21aa', 'riskops runs protect 3f9c21aa --off'],
  async run({ args, flags, project, output }) {
    const off = flags['off'] === true;
    return withStore(project, 'write', async (store) => {
      const runs = await protectRuns(store, args, { off });
      const [did, already] = off
        ? ['is no longer protected', 'was not protected']
        : ['is protected', 'was protected already'];
      output.result({ runs }, () => runChangeLines(runs, { did, already }));
      return undefined;
    });
  },
};
