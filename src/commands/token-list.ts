import { listTokens } from '../registry/tokens.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [],
  details: 'All tokens there ever were, with what became of them. Never a secret: the store has none.',
  examples: ['riskops token list', 'riskops token list --json'],
  async run({ project, output }) {
    return withStore(project, 'read', async (store) => {
      const items = await listTokens(store);
      output.result({ items }, () =>
        items.length === 0
          ? [
              'No token yet, so servers listen on loopback only. Next: riskops token create --name ci --role viewer',
            ]
          : formatTable(
              ['name', 'role', 'state', 'created', 'by', 'expires', 'revoked'],
              items.map((item) => [
                ...[item.name, item.role, item.state, item.created_at, item.created_by],
                ...[item.expires_at, item.revoked_at],
              ]),
            ),
      );
      return undefined;
    });
  },
};
