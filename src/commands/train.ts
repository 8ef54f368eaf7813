import { RiskopsError } from '../errors.js';
import type { JudgedVersion } from '../pipeline/judge.js';
import { promoteCandidate } from '../pipeline/promote-candidate.js';
import { judgeTraining, runTraining } from '../pipeline/train.js';
import type { TrainSummary } from '../pipeline/train-summary.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { exitCodeOf } from './gate.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { labelOptions, runLabels } from './run-labels.js';
import { SERVED_HINT } from './served-hint.js';
import { choiceOf, describeChoice, prepareLearner } from './train-auto.js';
import { LEARNER_NAMES, trainOptions, trainPlan } from './train-plan.js';
import { describeVerdict } from './verdict.js';

const LEARNERS = `${LEARNER_NAMES}, or auto: tries several and takes the best`;

export const command: Command = {
  options: [
    ...trainOptions.map((option) =>
      option.setting === 'learner' ? { ...option, description: LEARNERS } : option,
    ),
    ...labelOptions,
    { flag: '--promote', description: 'make the candidate current when the gate says promote' },
  ],
  details:
    'Trains on the rows that the split does not hold out, records the run, writes the model file and judges it on the held-out rows.\nSplits: random:0.2 holds out a fifth of the rows by the seed; every:5:4 row i (the first is 0) when i mod 5 is 4; time:COLUMN:0.2 the latest fifth; group:COLUMN:0.2 whole groups; file:PATH the rows of another file.\nExit code: 0 trained; with --promote also 1 rejected or an approval is missing, 3 undecided.',
  examples: [
    'riskops train',
    'riskops train --data loans.csv --target default --learner random-forest --split every:5:4',
    'riskops train --learner gradient-boosting --set trees=200 --set learning_rate=0.05 --promote',
    'riskops train --seed 3 --group seeds --name "third seed" --tag data=2026Q1',
  ],
  async run({ flags, project, output, signal }) {
    const onProgress = (text: string) => output.progress(text);
    const labels = runLabels(flags);
    const settle = await prepareLearner(project, trainPlan(project, flags), onProgress);
    return withStore(project, 'create', async (store) => {
      const options = { root: project.root, labels, signal, onProgress };
      const { prepared, chosen } = await settle(store, options);
      const parent = chosen?.run_id ?? labels.parent;
      const trained = await runTraining(store, prepared, { ...options, labels: { ...labels, parent } });
      output.progress('judging the candidate');
      const judged = await judgeTraining(store, trained);
      const wanted = flags['promote'] === true && judged.report.verdict === 'promote';
      const missing = wanted ? await promoteOrMissing(store, judged, project.actor) : undefined;
      const promoted = wanted && missing === undefined;
      const next = promoted ? 'riskops serve' : (missing?.fix ?? nextStep(judged.report.verdict));
      const result = { ...trained.summary, gate: judged.report, promoted, missing: missing?.message, next };
      output.result(chosen ? { ...result, choice: choiceOf(chosen) } : result, () => [
        ...(chosen ? describeChoice(chosen) : []),
        `Trained ${trained.summary.model} version ${trained.summary.version}: ${trained.summary.learner}, ${trained.summary.rows.train} rows, ${learnedFrom(trained.summary)} (run ${trained.summary.run_id.slice(0, 8)}).`,
        ...trained.summary.notes,
        `On ${trained.summary.rows.test} held-out rows: ${metricLine(trained.summary.metrics)}`,
        '',
        ...describeVerdict(judged.report),
        '',
        ...(missing ? [missing.message] : []),
        promoted ? `Version ${trained.summary.version} is current. ${SERVED_HINT}` : `Next: ${next}`,
      ]);
      if (missing) return missing.exitCode;
      return flags['promote'] === true ? exitCodeOf(judged.report.verdict) : undefined;
    });
  },
};

/** So many columns are named one by one. */
const PAST_NAMED = 6;

/** What a model learned from, counted; a forecaster knows its own target too, but only its past. */
export function learnedFrom({ features, past }: Pick<TrainSummary, 'features' | 'past'>): string {
  const beside = features.filter((name) => !past.includes(name)).length;
  const counted = `${beside} ${beside === 1 ? 'feature' : 'features'}`;
  if (past.length === 0) return counted;
  // The target stands last, and matters most.
  const named = [past[past.length - 1], ...past.slice(0, -1)].slice(0, PAST_NAMED);
  const more = past.length > named.length ? ` and ${past.length - named.length} more` : '';
  return `the past of ${named.map((name) => printable(name, 60)).join(', ')}${more}${beside === 0 ? '' : `, ${counted}`}`;
}

/** Promotes; what is missing when the policy asks for approvals, which a version can only get once it is on record. */
async function promoteOrMissing(
  store: Store,
  judged: JudgedVersion,
  actor: string,
): Promise<RiskopsError | undefined> {
  try {
    await promoteCandidate(store, { judged, actor, reason: 'riskops train --promote' });
    return undefined;
  } catch (error) {
    if (error instanceof RiskopsError && error.code === 'APPROVAL_MISSING') return error;
    throw error;
  }
}

const metricLine = (metrics: Record<string, number>) =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join(', ');

function nextStep(verdict: 'promote' | 'reject' | 'undecided'): string {
  if (verdict === 'promote') return 'riskops promote --latest';
  return verdict === 'reject'
    ? 'riskops train with other features, learner or settings'
    : 'riskops train with more rows, or riskops gate for the whole report';
}
