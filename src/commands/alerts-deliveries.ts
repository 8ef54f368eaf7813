import { RiskopsError } from '../errors.js';
import { type ListedDelivery, listDeliveries } from '../monitoring/alerts/list-alerts.js';
import { suggestWord } from '../util/text.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

const STATES = ['waiting', 'delivered', 'failed'] as const;

export const command: Command = {
  options: [
    {
      flag: '--state <state>',
      description: 'only those that are waiting, delivered or failed',
      choices: STATES,
    },
    { flag: '--limit <number>', description: 'how many, newest first; 50 when not given' },
  ],
  details: 'Each message of an alert, how often it was tried, and what the receiver answered last.',
  examples: ['riskops alerts deliveries', 'riskops alerts deliveries --state failed --json'],
  async run({ flags, project, output }) {
    const limit = wholeNumber(flags, 'limit', { min: 1, otherwise: 50 });
    const state = stateOf(flags['state'] as string | undefined);
    return withStore(project, 'read', async (store) => {
      const items = await listDeliveries(store, { state, limit });
      output.result({ items }, () => (items.length === 0 ? ['There is no message.'] : describe(items)));
      return undefined;
    });
  },
};

function stateOf(given: string | undefined): ListedDelivery['state'] | undefined {
  const state = STATES.find((one) => one === given);
  if (given === undefined || state !== undefined) return state;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--state ${JSON.stringify(given)} is no state of a message.`,
    why: suggestWord(given, STATES),
  });
}

function describe(items: ListedDelivery[]): string[] {
  return formatTable(
    ['made', 'rule', 'event', 'channel', 'state', 'attempts', 'next', 'answer'],
    items.map((item) => [
      item.created_at,
      item.rule,
      item.event,
      item.channel,
      item.state,
      item.attempts,
      item.next_at,
      item.answer,
    ]),
  );
}
