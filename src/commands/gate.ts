import { EXIT, RiskopsError } from '../errors.js';
import { judgeVersion } from '../pipeline/judge.js';
import { findVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import type { Command } from './command.js';
import { overrideOptions, policyOverrides } from './gate-flags.js';
import { describePolicy, explainModelPolicy } from './policy-table.js';
import { chosenModel, modelOption, withStore } from './project-store.js';
import { describeVerdict } from './verdict.js';

/** The options that name a candidate. */
export const candidateOptions = [
  modelOption,
  { flag: '--latest', description: 'the newest candidate' },
  { flag: '--run <id>', description: 'the candidate of this run' },
  { flag: '--version <number>', description: 'this version, by its number or an alias' },
] as const;

/** The candidate that the flags name; the newest when they name none. */
export function chosenVersion(
  store: Store,
  model: string,
  { latest, run, version }: Record<string, unknown>,
): Promise<VersionRecord> {
  const given = Object.entries({ '--latest': latest, '--run': run, '--version': version });
  const named = given.filter(([, value]) => value !== undefined).map(([flag]) => flag);
  if (named.length > 1)
    throw new RiskopsError('USAGE', {
      what: `${named.join(' and ')} cannot be given together.`,
      why: 'Each names a candidate by itself.',
      fix: `leave out ${named.slice(1).join(' and ')}`,
    });
  return findVersion(store, model, {
    run: run as string | undefined,
    version: version as string | undefined,
  });
}

/** A verdict's exit code; a fault never shares one with a verdict. */
export function exitCodeOf(verdict: 'promote' | 'reject' | 'undecided'): number {
  return { promote: EXIT.DONE, reject: EXIT.REJECTED, undecided: EXIT.UNDECIDED }[verdict];
}

export const command: Command = {
  options: [
    ...candidateOptions,
    ...overrideOptions,
    { flag: '--dry-run', description: 'judge without keeping the report or counting the use of the holdout' },
    {
      flag: '--explain-policy',
      description:
        'show the policy in force with where each value comes from, and the presets; judge nothing',
    },
  ],
  details:
    "Re-scores the current model and the baselines on the rows that the candidate was held out from. Promotes nothing. Without a choice: the newest candidate. Each judgement is counted in the holdout's ledger.\nExit code: 0 promote, 1 reject, 3 undecided.",
  examples: [
    'riskops gate',
    'riskops gate --version 3 --json',
    'riskops gate --baseline current --min-gain 0.005 --dry-run',
    'riskops gate --explain-policy',
  ],
  async run({ flags, project, output }) {
    const isDry = flags['dryRun'] === true;
    const isExplained = flags['explainPolicy'] === true;
    return withStore(project, isDry || isExplained ? 'read' : 'write', async (store) => {
      const model = await chosenModel(store, project, flags);
      const policy = project.policyOf(model);
      if (isExplained) {
        const explained = await explainModelPolicy(store, model, policy);
        output.result(explained, () => describePolicy(explained));
        return undefined;
      }
      const version = await chosenVersion(store, model, flags);
      output.progress(`judging ${model} version ${version.version}`);
      const { report } = await judgeVersion(store, version, {
        root: project.root,
        policy,
        overrides: policyOverrides(flags),
        record: !isDry,
      });
      output.result(report, () => describeVerdict(report));
      return exitCodeOf(report.verdict);
    });
  },
};
