import { allCurrentAt, type InForce, listHistory, toUtc } from '../registry/history.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '[model]',
  options: [
    { flag: '--limit <number>', description: 'how many, newest first; 50 when not given' },
    {
      flag: '--at <time>',
      description: 'which version was current then: a day, or a time with its zone (2026-03-01T12:00Z)',
    },
  ],
  examples: [
    'riskops history',
    'riskops history credit --json',
    'riskops history credit --at 2026-03-01T12:00Z',
  ],
  async run({ args, flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const at = flags['at'] as string | undefined;
      if (at !== undefined) {
        const items = await allCurrentAt(store, at, args[0]);
        output.result({ at: toUtc(at), items }, () =>
          items.length === 0 ? ['No model was trained yet.'] : items.map(describeInForce),
        );
        return undefined;
      }
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

function describeInForce({ model, version, by }: InForce): string {
  if (by === null) return `${model}: nothing was promoted yet`;
  const what = version === null ? `none, version ${by.from_version} was retired` : `version ${version}`;
  return `${model}: ${what}, since ${by.promoted_at} (${by.action} by ${printable(by.actor)}: ${printable(by.reason)})`;
}
