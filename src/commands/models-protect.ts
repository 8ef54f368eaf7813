import { RiskopsError } from '../errors.js';
import { protectVersion } from '../registry/deletion.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { versionChangeLines, versionFlag } from './version-changes.js';

export const command: Command = {
  args: '<model>',
  options: [
    { flag: '--version <number>', description: 'the version; it must be given' },
    { flag: '--off', description: 'no longer protect it' },
  ],
  details: 'A protected version cannot be deleted, nor can its run, until the protection is taken off.',
  examples: ['riskops models protect credit --version 3', 'riskops models protect credit --version 3 --off'],
  async run({ args, flags, project, output }) {
    const version = versionFlag(flags);
    if (version === undefined) {
      throw new RiskopsError('USAGE', {
        what: `Which version of ${args[0]} is to be protected?`,
        why: '--version was not given.',
        fix: `riskops models show ${args[0]}`,
      });
    }
    const off = flags['off'] === true;
    return withStore(project, 'write', async (store) => {
      const change = await protectVersion(store, { model: args[0], version }, { off });
      const [did, already] = off
        ? ['is no longer protected', 'was not protected']
        : ['is protected', 'was protected already'];
      output.result(change, () => versionChangeLines([change], { did, already }));
      return undefined;
    });
  },
};
