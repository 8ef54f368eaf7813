import { deleteVersions } from '../registry/deletion.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { versionChangeLines, versionFlag } from './version-changes.js';

export const command: Command = {
  args: '<model>',
  options: [{ flag: '--version <number>', description: 'this version alone, instead of the whole model' }],
  details:
    'Moves a version, or all versions of a model, to the trash; their runs stay. riskops models restore brings them back until riskops gc has emptied the trash. The numbers of deleted versions are not used again.\nA version that is or was current, was approved, has an alias or is protected is refused, and there is no flag that forces it. Exit code: 0 deleted, 2 in use, 4 no such model or version.',
  examples: ['riskops models delete credit --version 3', 'riskops models delete trial'],
  async run({ args, flags, project, output }) {
    const version = versionFlag(flags);
    return withStore(project, 'write', async (store) => {
      const versions = await deleteVersions(store, { model: args[0], version });
      output.result({ versions }, () =>
        versionChangeLines(versions, { did: 'is in the trash', already: 'was in the trash already' }),
      );
      return undefined;
    });
  },
};
