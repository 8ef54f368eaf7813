import { RiskopsError } from '../errors.js';
import { type EndRunOptions, endRun } from '../tracking/shell-run.js';
import { suggestWord } from '../util/text.js';
import { bringInSpools } from './bring-in.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';

const STATUSES = ['finished', 'failed', 'killed'];

export const command: Command = {
  args: '<run>',
  options: [
    {
      flag: '--status <status>',
      description: 'finished, failed or killed; what the rest says when not given',
    },
    { flag: '--error <text>', description: 'why it failed' },
    {
      flag: '--exit-code <number>',
      description: "of the script: 0 finished, 128 and a signal's number killed, else failed",
    },
  ],
  details:
    "Ends a run. To end it again in the same way is no error; in another way it is.\nIn a script: trap 'riskops runs end $RUN --exit-code $?' EXIT",
  examples: [
    'riskops runs end 3f9c21aa',
    'riskops runs end 3f9c21aa --status failed --error "no convergence"',
  ],
  async run({ args: [run], flags, project, output }) {
    const options: EndRunOptions = {
      status: statusOf(flags['status'] as string | undefined),
      error: flags['error'] as string | undefined,
      exitCode:
        flags['exitCode'] === undefined
          ? undefined
          : wholeNumber(flags, 'exitCode', { min: 0, max: 255, otherwise: 0 }),
    };
    return withStore(project, 'write', async (store) => {
      await bringInSpools(store, output);
      const ended = await endRun(store, run, options);
      output.result(ended, () => [
        `${ended.run_id} ${ended.changed ? 'ended' : 'had ended already'}: ${ended.status}`,
      ]);
      return undefined;
    });
  },
};

function statusOf(given: string | undefined): EndRunOptions['status'] {
  if (given === undefined) return undefined;
  const status = given.toLowerCase();
  if (STATUSES.includes(status)) return status.toUpperCase() as EndRunOptions['status'];
  throw new RiskopsError('OPTION_INVALID', {
    what: '--status is none of finished, failed and killed.',
    why: suggestWord(given, STATUSES),
  });
}
