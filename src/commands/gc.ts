import { EXIT, RiskopsError } from '../errors.js';
import { countOldPredictions, deleteOldPredictions, type OldPredictions } from '../monitoring/retention.js';
import { collectGarbage, type Garbage } from '../registry/garbage.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;

/** `30d`, `12h` or `45m` as milliseconds. */
function parseAge(text: string): number {
  const [, digits, unit] = /^(\d{1,6})([dhm])$/.exec(text.trim()) ?? [];
  if (digits !== undefined) return Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS];
  throw new RiskopsError('OPTION_INVALID', {
    what: `--older-than must be an age such as 30d, and is ${JSON.stringify(text)}.`,
    why: 'It is a whole number of days (d), hours (h) or minutes (m).',
    fix: 'riskops gc --older-than 30d --dry-run',
  });
}

export const command: Command = {
  options: [
    { flag: '--dry-run', description: 'only say what would go, with its bytes' },
    {
      flag: '--older-than <age>',
      description: 'what went to the trash at least this long ago; 30d when not given',
    },
  ],
  details:
    'Empties the trash for good, and removes files that nothing refers to: content that was replaced, and what killed processes left (a day old at least; with 0d content of any age). What was served stays. Predictions stay too, unless log.keepDays says for how long; then those that are older go, with their outcomes.\nA file that is missing already is a warning. Exit code: 0 done, 65 the files belong to another database, 74 the disk kept some files.',
  examples: ['riskops gc --dry-run', 'riskops gc', 'riskops gc --older-than 0d'],
  async run({ flags, project, output, signal }) {
    const olderThanMs = parseAge((flags['olderThan'] as string | undefined) ?? '30d');
    const dryRun = flags['dryRun'] === true;
    return withStore(project, dryRun ? 'read' : 'write', async (store) => {
      const onProgress = (text: string) => output.progress(text);
      const garbage = await collectGarbage(store, { olderThanMs, dryRun, signal, onProgress });
      for (const warning of garbage.warnings) output.talk(`Warning: ${warning}`);
      const keepDays = project.get<number | null>('keepDays');
      const old =
        keepDays === null
          ? null
          : await (dryRun
              ? countOldPredictions(store, keepDays)
              : deleteOldPredictions(store, keepDays, { signal }));
      output.result({ ...garbage, predictions: old }, () => [
        ...describe(garbage),
        ...describeOld(old, dryRun),
      ]);
      return garbage.refused === 0 ? undefined : EXIT.IO;
    });
  },
};

function describeOld(old: OldPredictions | null, dryRun: boolean): string[] {
  if (old === null || old.predictions + old.outcomes === 0) return [];
  const { predictions, outcomes, before } = old;
  return [
    `${dryRun ? 'Would delete' : 'Deleted'} ${predictions} predictions from before ${before}, and ${outcomes} outcomes; the database uses their space again.`,
  ];
}

/** So many runs or versions are shown one by one; --json has them all. */
const SHOWN = 100;

function describe(garbage: Garbage): string[] {
  const { dry_run, runs, versions, models, leftovers, kept, bytes } = garbage;
  const rows = [
    ...runs.map((run) => [`run ${run.run_id.slice(0, 8)}, ${run.kind}`, run.deleted_at, run.bytes]),
    ...versions.map((item) => [`version ${item.version} of ${item.model}`, item.deleted_at, item.bytes]),
  ];
  const groups = leftovers.map((group) => [`${group.files} ${group.what}`, null, group.bytes]);
  const shown = [...rows.slice(0, SHOWN), ...groups];
  return [
    ...(shown.length === 0 ? [] : formatTable(['what', 'deleted', 'bytes'], shown)),
    ...(rows.length > SHOWN ? [`and ${rows.length - SHOWN} more; --json has them all`] : []),
    ...models.map((name) => `Model ${name}: nothing of it is left.`),
    ...kept.slice(0, SHOWN).map(({ what, why }) => `Kept: ${what}; ${why}.`),
    shown.length === 0
      ? 'There is nothing to collect.'
      : `${dry_run ? 'Would free' : 'Freed'} ${bytes} bytes.`,
  ];
}
