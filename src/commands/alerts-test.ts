import { namedSecret } from '../config.js';
import { EXIT } from '../errors.js';
import { testChannel } from '../monitoring/alerts/test-channel.js';
import { alertsOf } from './alerts-config.js';
import type { Command } from './command.js';

export const command: Command = {
  args: '<channel>',
  options: [],
  details:
    'Sends one test message to a channel of the config, once, and says what the receiver answered.\nExit code: 0 the receiver took it, 1 it did not.',
  examples: ['riskops alerts test ops', 'riskops alerts test mail --json'],
  async run({ args, project, output }) {
    const config = await alertsOf(project);
    output.progress('sending');
    const tested = await testChannel(config, args[0], { secret: namedSecret, now: () => new Date() });
    const { channel, kind, ok, answer, ms } = tested;
    output.result(tested, () => [
      `${ok ? 'Delivered' : 'NOT DELIVERED'} to ${channel} (${kind}) after ${ms} ms: ${answer}`,
    ]);
    return ok ? EXIT.DONE : EXIT.REJECTED;
  },
};
