import { runEndToEnd } from '../checks/e2e.js';
import { sandboxEnvironment } from '../config.js';
import { EXIT } from '../errors.js';
import type { Command } from './command.js';
import { stepLine } from './smoke.js';

export const command: Command = {
  options: [{ flag: '--keep', description: 'leave the sandbox behind for a look' }],
  details:
    "Runs init, train, gate, promote, serve, predict, swap under traffic, rollback, log and doctor in a temporary folder, with the built binary. It never reads or writes the project's own store.\nExit code: 0 all steps passed, 1 one failed.",
  examples: ['riskops e2e', 'riskops e2e --json'],
  async run({ flags, output, signal }) {
    const report = await runEndToEnd({
      environment: sandboxEnvironment(),
      keep: flags['keep'] === true,
      signal,
      onStep: (result) => {
        if (!output.json) output.talk(stepLine(result));
      },
    });
    output.result(report, () => [
      report.ok ? 'End-to-end check passed.' : 'End-to-end check failed.',
      ...(report.sandbox === null ? [] : [`Sandbox: ${report.sandbox}`]),
    ]);
    return report.ok ? undefined : EXIT.REJECTED;
  },
};
