import { RiskopsError } from '../errors.js';
import { type AliasRecord, getAlias } from '../registry/aliases.js';
import { removeAlias, setAlias } from '../registry/set-alias.js';
import { findVersion } from '../registry/versions.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  args: '<model> <alias>',
  options: [
    { flag: '--version <number>', description: 'the version that the alias means from now on' },
    { flag: '--remove', description: 'take the alias away; the version stays' },
  ],
  details:
    'A free name for a version, such as eu-production; it can be used wherever --version takes a number. Without a flag: shows what it means. Numbers, current and latest cannot be aliases. What is served does not follow an alias.',
  examples: [
    'riskops models alias credit eu-production --version 3',
    'riskops models alias credit eu-production',
    'riskops models alias credit eu-production --remove',
  ],
  async run({ args: [model, alias], flags, project, output }) {
    const isRemoved = flags['remove'] === true;
    const version = flags['version'] as string | undefined;
    if (isRemoved && version !== undefined)
      throw new RiskopsError('USAGE', {
        what: '--remove and --version cannot be given together.',
        why: 'One takes the alias away, the other sets it.',
        fix: `riskops models alias ${model} ${alias} --remove`,
      });
    const show = (record: AliasRecord, text: string) => {
      output.result({ ...record, removed: isRemoved }, () => [text]);
      return undefined;
    };
    return withStore(project, isRemoved || version !== undefined ? 'write' : 'read', async (store) => {
      if (isRemoved) {
        const removed = await removeAlias(store, model, alias);
        return show(
          removed,
          `${removed.alias} meant ${removed.model} version ${removed.version}, and is gone.`,
        );
      }
      if (version === undefined) {
        const found = await getAlias(store, model, alias);
        return show(
          found,
          `${found.alias} is ${found.model} version ${found.version}, set by ${found.actor} at ${found.set_at}.`,
        );
      }
      const { version: number } = await findVersion(store, model, { version });
      const set = await setAlias(store, { model, alias, version: number, actor: project.actor });
      return show(set, `${set.alias} is ${set.model} version ${set.version}.`);
    });
  },
};
