import { listHistory } from '../registry/history.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '[model]',
  options: [{ flag: '--limit <number>', description: 'how many, newest first; 50 when not given' }],
  examples: ['riskops history', 'riskops history credit --json'],
  async run({ args, flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const items = await listHistory(store, args[0], {
        limit: wholeNumber(flags, 'limit', { min: 1, otherwise: 50 }),
      });
      output.result({ items }, () =>
        items.length === 0
          ? ['Nothing was promoted yet. Next: riskops promote --latest']
          : formatTable(
              ['when', 'model', 'action', 'from', 'to', 'actor', 'verdict', 'reason'],
              items.map((item) => [
                item.promoted_at,
                item.model,
                item.action,
                item.from_version,
                item.to_version,
                item.actor,
                item.verdict,
                item.reason,
              ]),
            ),
      );
      return undefined;
    });
  },
};
