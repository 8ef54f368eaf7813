import { trialReport } from '../monitoring/shadow-report.js';
import type { Command } from './command.js';
import { compareFlags, compareOptions } from './compare-flags.js';
import { trialLines } from './compare-text.js';
import { withStore } from './project-store.js';

export const command: Command = {
  options: compareFlags,
  details:
    'How a version did on live traffic that riskops serve --shadow or --canary gave it, by the prediction log: where it agrees with the answers that were given, how its scores differ, and once outcomes are known both metrics with the bootstrap of the gate, undecided where its rules about live rows are open. Answers are counted from the first of the trial to its last; those of the other version outside that time are told beside. A shadow answered the same rows; a canary answered rows of its own, so its comparison is not paired, and wider.',
  examples: ['riskops shadow', 'riskops shadow --version 3 --since 14d --json'],
  async run({ flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const options = await compareOptions(store, project, flags);
      output.progress('reading predictions and outcomes');
      const report = await trialReport(store, options);
      output.result(report, () => trialLines(report));
      return undefined;
    });
  },
};
