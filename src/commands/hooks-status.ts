import { hookState } from '../checks/hooks/pre-push.js';
import { EXIT } from '../errors.js';
import type { Command } from './command.js';

export const command: Command = {
  options: [],
  withoutConfig: true,
  details: 'Exit code: 0 installed, 1 not installed, or not as this riskops would write it.',
  examples: ['riskops hooks status', 'riskops hooks status --json'],
  async run({ project, output }) {
    const state = await hookState(project.root);
    const { installed, up_to_date, path, kept, other } = state;
    output.result(state, () => [
      installed
        ? `The pre-push hook is installed: ${path}`
        : `The pre-push hook is not installed${other ? `; another one is at ${path}` : ''}. Next: riskops hooks install`,
      ...(installed && !up_to_date
        ? ['It is not as this riskops would write it. Next: riskops hooks install']
        : []),
      ...(kept === null ? [] : [`The hook that was there before: ${kept}`]),
    ]);
    return up_to_date ? undefined : EXIT.REJECTED;
  },
};
