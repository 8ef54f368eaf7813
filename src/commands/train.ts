import { prepareTraining } from '../pipeline/prepare-training.js';
import { promoteCandidate } from '../pipeline/promote-candidate.js';
import { judgeTraining, runTraining } from '../pipeline/train.js';
import type { Command } from './command.js';
import { exitCodeOf } from './gate.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { labelOptions, runLabels } from './run-labels.js';
import { trainOptions, trainPlan } from './train-plan.js';
import { describeVerdict } from './verdict.js';

export const command: Command = {
  options: [
    ...trainOptions,
    ...labelOptions,
    { flag: '--promote', description: 'make the candidate current when the gate says promote' },
  ],
  details:
    'Trains on the rows that the split does not hold out, records the run, writes the model file and judges it on the held-out rows.\nSplits: random:0.2 holds out a fifth of the rows by the seed; every:5:4 row i (the first is 0) when i mod 5 is 4; time:COLUMN:0.2 the latest fifth; group:COLUMN:0.2 whole groups; file:PATH the rows of another file.\nExit code: 0 trained; with --promote also 1 rejected, 3 undecided.',
  examples: [
    'riskops train',
    'riskops train --data loans.csv --target default --learner random-forest --split every:5:4',
    'riskops train --learner gradient-boosting --set trees=200 --set learning_rate=0.05 --promote',
    'riskops train --seed 3 --group seeds --name "third seed" --tag data=2026Q1',
  ],
  async run({ flags, project, output, signal }) {
    const onProgress = (text: string) => output.progress(text);
    const labels = runLabels(flags);
    const prepared = await prepareTraining(trainPlan(project, flags), onProgress);
    return withStore(project, 'create', async (store) => {
      const trained = await runTraining(store, prepared, { root: project.root, labels, signal, onProgress });
      output.progress('judging the candidate');
      const judged = await judgeTraining(store, trained);
      const promoted = flags['promote'] === true && judged.report.verdict === 'promote';
      if (promoted) {
        await promoteCandidate(store, { judged, actor: project.actor, reason: 'riskops train --promote' });
      }
      const next = promoted ? 'riskops serve' : nextStep(judged.report.verdict);
      const result = { ...trained.summary, gate: judged.report, promoted, next };
      output.result(result, () => [
        `Trained ${trained.summary.model} version ${trained.summary.version}: ${trained.summary.learner}, ${trained.summary.rows.train} rows, ${trained.summary.features.length} features (run ${trained.summary.run_id.slice(0, 8)}).`,
        ...trained.summary.notes,
        `On ${trained.summary.rows.test} held-out rows: ${metricLine(trained.summary.metrics)}`,
        '',
        ...describeVerdict(judged.report),
        '',
        promoted ? `Version ${trained.summary.version} is current. Next: ${next}` : `Next: ${next}`,
      ]);
      return flags['promote'] === true ? exitCodeOf(judged.report.verdict) : undefined;
    });
  },
};

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
