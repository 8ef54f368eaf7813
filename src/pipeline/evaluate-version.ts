import { evaluate, metricNamed } from '../evaluation/metrics.js';
import { quantileOf } from '../models/hyper.js';
import type { Store } from '../storage/store.js';
import { startRun } from '../tracking/runs.js';
import { endByError } from './end-run.js';
import { type AnalysisRequest, analyse, checkAnalysis } from './evaluate-analysis.js';
import { type MeasuredFold, summariseRows } from './evaluate-measure.js';
import { CONFIDENCE, type EvaluateOptions, type Evaluation, keepEvaluation } from './evaluate-result.js';
import { scoreVersion } from './evaluate-score.js';
import { policyFor } from './policy-in-force.js';
import { recordedSource } from './source-paths.js';

/**
 * Measures a trained version on the rows of a file; nothing is fitted.
 * @throws as `scoreVersion`; OPTION_INVALID for an analysis that the task does not have
 */
export async function evaluateVersion(
  store: Store,
  { model, version, data }: { model: string; version?: string; data: string },
  request: AnalysisRequest,
  { root, policy, labels }: EvaluateOptions & { policy: Record<string, unknown> },
): Promise<Evaluation> {
  const scored = await scoreVersion(store, model, version, data);
  const { predictor, read, rows, y, predictions, times } = scored;
  const { task, threshold, learner } = predictor.header;
  const quantile = quantileOf(learner.hyper);
  checkAnalysis(request, task, read.table);
  const metric = metricNamed(policyFor(task, learner.hyper, policy).metric, task);
  const fold: MeasuredFold = {
    train_rows: Number(predictor.header.provenance['train_rows'] ?? 0),
    test_rows: rows.length,
    threshold,
    metrics: evaluate(task, y, predictions, { threshold, quantile }),
  };
  const run = await startRun(store, {
    ...labels,
    kind: 'evaluate',
    model: scored.version.model,
    params: {
      data: recordedSource(root, data),
      data_sha256: read.source.sha256,
      ...{ target: predictor.header.signature.target.name, task, learner: scored.version.learner },
      ...{ method: 'version', version: scored.version.version, model_sha256: scored.version.sha256 },
    },
    cwd: root,
  });
  try {
    const left = read.table.rowCount - rows.length;
    const result: Evaluation = {
      ...{ run_id: run.id, model: scored.version.model, version: scored.version.version },
      ...{ learner: scored.version.learner, task, method: 'version', rows: rows.length, threshold },
      metrics: summariseRows(task, fold, { y, predictions, threshold }, { times, quantile }),
      interval: 'bootstrap',
      confidence: CONFIDENCE,
      metric: metric.name,
      baselines: [],
      folds: [fold],
      ...analyse(request, { task, table: read.table, rows, y, predictions, threshold, quantile, times }),
      notes: [
        ...(left === 0 ? [] : [`${left} rows have no target: they are not measured.`]),
        ...(read.source.sha256 === predictor.header.provenance['data_sha256']
          ? ['The version learned from this very file: these figures measure its memory as well.']
          : []),
      ],
    };
    await keepEvaluation(run, result);
    return result;
  } catch (error) {
    await endByError(run, error, undefined);
    throw error;
  }
}
