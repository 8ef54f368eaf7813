import { quantile } from '../evaluation/quantile.js';
import { estimateMetrics, FEWEST_OUTCOMES } from './accuracy-metrics.js';
import type { AccuracyRows } from './accuracy-rows.js';
import type { Measured } from './accuracy-types.js';

/** What is known of no prediction at all. */
export const NOTHING: Measured = {
  predictions: 0,
  with_outcome: 0,
  coverage: null,
  positives: null,
  metrics: [],
  too_few: `0 outcomes: too few, ${FEWEST_OUTCOMES} are needed`,
  median_delay_ms: null,
};

/** How good some of the predictions were, by their places among all. */
export function measureRows(
  all: AccuracyRows,
  rows: readonly number[],
  metrics: readonly string[],
): Measured {
  const { answers, delays } = all.take(rows);
  const found = answers.target.length;
  const isEnough = found >= FEWEST_OUTCOMES;
  return {
    predictions: rows.length,
    with_outcome: found,
    coverage: rows.length === 0 ? null : found / rows.length,
    positives: all.task === 'binary' ? answers.target.reduce((sum, label) => sum + label, 0) : null,
    metrics: isEnough ? estimateMetrics(all.task, metrics, answers) : [],
    too_few: isEnough
      ? null
      : `${found} ${found === 1 ? 'outcome' : 'outcomes'}: too few, ${FEWEST_OUTCOMES} are needed`,
    median_delay_ms: found === 0 ? null : quantile(delays.sort(), 0.5),
  };
}
