import { installHook } from '../checks/hooks/pre-push.js';
import type { Command } from './command.js';

export const command: Command = {
  options: [
    {
      flag: '--force',
      description:
        'also where core.hooksPath names a folder outside of the repository, which others may share',
    },
  ],
  withoutConfig: true,
  details:
    'Before each push it runs riskops ci --quick, which ends after 60 s at the latest. The push is stopped when a check failed or the gate rejects; when the checks could not be carried out, or the gate is undecided, it goes on with a warning. A hook that is there already is kept and called first.\nSkip it once: RISKOPS_SKIP_PRE_PUSH=1 git push, or git push --no-verify.',
  examples: ['riskops hooks install'],
  async run({ flags, project, output }) {
    const before = await installHook(project.root, { force: flags['force'] === true });
    const kept = before.other || before.kept !== null;
    output.result({ path: before.path, changed: !before.up_to_date, kept_another: kept }, () => [
      before.up_to_date ? `Installed already: ${before.path}` : `Installed: ${before.path}`,
      ...(kept ? ['The hook that was there before is kept, and called first.'] : []),
      'Skip it once: RISKOPS_SKIP_PRE_PUSH=1 git push, or git push --no-verify',
    ]);
    return undefined;
  },
};
