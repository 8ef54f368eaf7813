import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { backUpStore } from '../pipeline/archive/backup-store.js';
import { backUpDatabase, backUpWhenDue } from '../storage/backup/backup-database.js';
import type { Command, CommandContext } from './command.js';
import { backupRule } from './project-store.js';

export const command: Command = {
  options: [
    {
      flag: '--out <file>',
      description: 'the file to write; a name by the time in the backups folder when not given',
    },
    { flag: '--all', description: 'with the model files and artifacts, as one .tar or .tar.gz; needs --out' },
    { flag: '--if-due', description: 'only when the hourly rule asks for it, and by that rule' },
  ],
  details:
    'One consistent copy, whatever others write meanwhile; it has its name when it is whole, checked and on disk. riskops restore puts it back. Commands that write make one of the database every hour by themselves (backup.hours, backup.keep, backup.megabytes).\nExit code: 0 made, or not due.',
  examples: [
    'riskops backup',
    'riskops backup --all --out /mnt/safe/store.tar.gz',
    'riskops backup --if-due',
  ],
  async run(context) {
    const { flags } = context;
    const alone = ['all', 'out'].find((name) => flags['ifDue'] && flags[name] !== undefined);
    if (alone !== undefined)
      throw new RiskopsError('USAGE', {
        what: `--if-due goes without --${alone}.`,
        fix: 'riskops backup --help',
      });
    if (flags['all']) return backUpAll(context);
    return flags['ifDue'] ? backUpByRule(context) : backUpNow(context);
  },
};

async function backUpNow({ flags, project, output }: CommandContext): Promise<undefined> {
  const out = flags['out'] === undefined ? undefined : resolve(flags['out'] as string);
  if (out !== undefined && /\.(tar|tgz|gz)$/.test(out))
    throw new RiskopsError('USAGE', {
      what: 'A backup of the database alone is no archive.',
      why: '--all makes an archive, of the database and of the files.',
      fix: 'riskops backup --all --out FILE.tar.gz',
    });
  output.progress('copying the database');
  const backup = await backUpDatabase(project.places.database, { out });
  output.result(backup, () => [
    `Backup: ${backup.path} (${backup.bytes} bytes, schema version ${backup.schema_version}).`,
    'It holds the database; model files and artifacts are in backups made with --all.',
    `To put it back: riskops restore ${backup.path}`,
  ]);
  return undefined;
}

async function backUpByRule({ project, output }: CommandContext): Promise<undefined> {
  const done = await backUpWhenDue(project.places.database, backupRule(project));
  const result = typeof done === 'string' ? { made: null, why: done } : { made: done, why: 'due' };
  output.result(result, () => [
    result.made === null ? `No backup: ${result.why}.` : `Backup: ${result.made.path}`,
  ]);
  return undefined;
}

async function backUpAll({ flags, project, output, signal }: CommandContext): Promise<undefined> {
  if (flags['out'] === undefined)
    throw new RiskopsError('USAGE', {
      what: '--all needs --out.',
      why: 'A copy of all files belongs on another disk.',
      fix: 'riskops backup --all --out /mnt/safe/store.tar.gz',
    });
  const out = resolve(flags['out'] as string);
  const onProgress = (text: string) => output.progress(text);
  const backup = await backUpStore(project.places, out, { onProgress, signal });
  for (const key of backup.missing.slice(0, 10))
    output.talk(`Warning: not in the backup, since it is gone or damaged: ${key}`);
  output.result(backup, () => [
    `Backup: ${backup.path} (${backup.bytes} bytes; the database and ${backup.files} files).`,
    ...(backup.missing.length === 0
      ? []
      : [`${backup.missing.length} files on record were gone or damaged: riskops doctor`]),
    `To put it back: riskops restore ${backup.path}`,
  ]);
  return undefined;
}
