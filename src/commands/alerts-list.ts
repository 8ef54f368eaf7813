import { type ListedAlert, listAlerts } from '../monitoring/alerts/list-alerts.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [
    { flag: '--open', description: 'only those that are not over' },
    {
      flag: '--limit <number>',
      description: 'how many, open ones first, then the newest; 50 when not given',
    },
  ],
  examples: ['riskops alerts list', 'riskops alerts list --open --json'],
  async run({ flags, project, output }) {
    const limit = wholeNumber(flags, 'limit', { min: 1, otherwise: 50 });
    return withStore(project, 'read', async (store) => {
      const items = await listAlerts(store, { open: flags['open'] === true, limit });
      output.result({ items }, () => (items.length === 0 ? ['There is no alert.'] : describe(items)));
      return undefined;
    });
  },
};

function describe(items: ListedAlert[]): string[] {
  return formatTable(
    ['rule', 'state', 'severity', 'subject', 'since', 'last seen', 'times', 'what'],
    items.map((item) => [
      item.rule,
      item.state,
      item.severity,
      item.subject,
      item.first_at,
      item.last_at,
      item.times,
      item.summary,
    ]),
  );
}
