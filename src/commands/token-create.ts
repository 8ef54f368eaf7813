import { RiskopsError } from '../errors.js';
import { createToken, TOKEN_ROLES } from '../registry/tokens.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  options: [
    { flag: '--name <name>', description: 'whose it is; the history says it of what is done with it' },
    { flag: '--role <role>', description: `what it allows: ${TOKEN_ROLES.join(', ')}`, choices: TOKEN_ROLES },
    {
      flag: '--expires <when>',
      description:
        'a span of hours, days or weeks (12h, 90d, 4w), a day, or a time with its zone; never when not given',
    },
  ],
  details:
    'Prints the secret once, alone on stdout: the store keeps its hash only. viewer reads and asks for predictions, logger also sends outcomes, promoter also promotes and rolls back, admin also makes and revokes tokens. From the first token on, each server on this store asks for one, within a second.',
  examples: [
    'riskops token create --name ci --role viewer --expires 90d',
    'riskops token create --name deploy --role promoter --json',
  ],
  async run({ flags, project, output }) {
    const { name, role, expires } = flags as Record<string, string | undefined>;
    if (name === undefined || role === undefined)
      throw new RiskopsError('USAGE', {
        what: `riskops token create needs ${name === undefined ? '--name' : '--role'}.`,
        why:
          name === undefined
            ? 'The history says whose token was used.'
            : 'A token allows what its role does.',
        fix: `riskops token create --name ${name ?? 'NAME'} --role ${role ?? 'viewer'}`,
      });
    return withStore(project, 'create', async (store) => {
      const made = await createToken(store, { name, role, expires, actor: project.actor });
      output.result(made, () => [made.token]);
      if (output.json) return undefined;
      const until = made.expires_at === null ? 'does not expire' : `expires at ${made.expires_at}`;
      output.talk(`Token ${made.name}, ${made.role}, ${until}. Keep it now: it is not shown again.`);
      return undefined;
    });
  },
};
