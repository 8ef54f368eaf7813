import { revokeToken } from '../registry/tokens.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  args: '<name>',
  options: [],
  details:
    'Servers that run refuse it within a second. It cannot be undone; the name is free for a new token. A server whose last token was revoked goes on asking for one.\nExit code: 0 revoked, or revoked already, 4 there is no such token.',
  examples: ['riskops token revoke ci'],
  async run({ args, project, output }) {
    return withStore(project, 'write', async (store) => {
      const done = await revokeToken(store, { name: args[0], actor: project.actor });
      output.result(done, () => [
        done.changed
          ? `Token ${done.name} is revoked.`
          : `Token ${done.name} was revoked already, at ${done.revoked_at}.`,
      ]);
      return undefined;
    });
  },
};
