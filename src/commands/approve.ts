import { RiskopsError } from '../errors.js';
import { approveVersion } from '../registry/approvals.js';
import { findVersion } from '../registry/versions.js';
import type { Command } from './command.js';
import { chosenModel, modelOption, withStore } from './project-store.js';

export const command: Command = {
  options: [
    modelOption,
    { flag: '--version <number>', description: 'the version, by its number or an alias' },
    { flag: '--reason <text>', description: 'what was looked at, for the history' },
  ],
  details:
    'Puts on record that you approve of this very version; nothing becomes current by it. Where the policy has approvals: N, a promotion needs N people other than the one who promotes. A promotion uses them up. Who you are is RISKOPS_ACTOR, "actor" in the config, or the login name.',
  examples: ['riskops approve --version 3 --reason "read the gate report"'],
  async run({ flags, project, output }) {
    const { version, reason } = flags as Record<string, string | undefined>;
    if (version === undefined || !reason?.trim()) {
      throw new RiskopsError('USAGE', {
        what: `riskops approve needs ${version === undefined ? '--version' : '--reason'}.`,
        why:
          version === undefined
            ? 'An approval is of one version and never of the latest, whatever that is by then.'
            : 'The history says what was looked at.',
        fix: `riskops approve --version ${version ?? 'N'} --reason "..."`,
      });
    }
    return withStore(project, 'write', async (store) => {
      const model = await chosenModel(store, project, flags);
      const found = await findVersion(store, model, { version });
      const done = await approveVersion(store, {
        model,
        version: found.version,
        actor: project.actor,
        reason,
      });
      output.result(done, () => [
        done.changed
          ? `${done.actor} approves of ${model} version ${found.version}.`
          : `${done.actor} had approved of ${model} version ${found.version} already, at ${done.promoted_at}.`,
      ]);
      return undefined;
    });
  },
};
