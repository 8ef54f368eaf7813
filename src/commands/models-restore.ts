import { restoreVersions } from '../registry/deletion.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { versionChangeLines, versionFlag } from './version-changes.js';

export const command: Command = {
  args: '<model>',
  options: [{ flag: '--version <number>', description: 'this version alone, instead of all in the trash' }],
  details:
    'Brings versions back from the trash; a run that is in the trash comes back with its version. What riskops gc has collected is gone.',
  examples: ['riskops models restore credit --version 3', 'riskops models restore trial'],
  async run({ args, flags, project, output }) {
    const version = versionFlag(flags);
    return withStore(project, 'write', async (store) => {
      const versions = await restoreVersions(store, { model: args[0], version });
      output.result({ versions }, () =>
        versionChangeLines(versions, { did: 'is back', already: 'was not in the trash' }),
      );
      return undefined;
    });
  },
};
