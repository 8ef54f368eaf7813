import { uninstallHook } from '../checks/hooks/pre-push.js';
import type { Command } from './command.js';

export const command: Command = {
  options: [],
  withoutConfig: true,
  details: 'A hook that was there before riskops is put back as it was. Another hook is not touched.',
  examples: ['riskops hooks uninstall'],
  async run({ project, output }) {
    const { path, installed, kept } = await uninstallHook(project.root);
    output.result({ path, removed: installed, put_back: kept !== null }, () => [
      installed ? `Removed: ${path}` : 'The hook of riskops is not installed here.',
      ...(kept === null ? [] : ['The hook that was there before is back.']),
    ]);
    return undefined;
  },
};
