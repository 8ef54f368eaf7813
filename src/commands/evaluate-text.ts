import type { CalibrationBin } from '../evaluation/calibration.js';
import type { SliceMetrics } from '../evaluation/slices.js';
import type { CostAt } from '../pipeline/evaluate-analysis.js';
import type { ForecastEvaluation } from '../pipeline/evaluate-forecast.js';
import type { Evaluation } from '../pipeline/evaluate-result.js';
import { printable } from '../util/text.js';
import { formatNumber } from './output.js';
import { formatTable } from './table.js';

/** Metrics of a slice that have a column, beside the deciding one. */
const SLICE_METRICS = 3;

export function describeEvaluation(found: Evaluation): string[] {
  const { metrics, slices, calibration, costs, notes, folds } = found;
  const isFolds = found.interval === 'folds';
  const rows = metrics.map(({ metric, mean, sd, lower, upper }) => [
    metric,
    formatNumber(mean),
    ...(isFolds ? [formatNumber(sd)] : []),
    formatNumber(lower),
    formatNumber(upper),
  ]);
  const leftOut = metrics.filter(({ left_out }) => left_out > 0 && isFolds);
  return [
    headOf(found),
    ...notes,
    '',
    ...formatTable(['metric', isFolds ? 'mean' : 'value', ...(isFolds ? ['sd'] : []), 'from', 'to'], rows),
    '',
    isFolds
      ? `sd over ${folds.length} folds; from and to: 95 % interval of the mean, widened because folds share training rows.`
      : 'from and to: 95 % interval by drawing the rows anew.',
    ...leftOut.map(
      ({ metric, left_out }) => `${metric} cannot be computed in ${left_out} of ${folds.length} folds.`,
    ),
    ...baselineLines(found),
    ...(slices ? ['', ...sliceTable(found, slices)] : []),
    ...(calibration ? ['', ...calibrationLines(calibration)] : []),
    ...(costs ? ['', ...costLines(costs)] : []),
  ];
}

function headOf({ model, version, learner, method, rows, folds, run_id }: Evaluation): string {
  const run = `(run ${run_id.slice(0, 8)})`;
  if (version !== null) return `${model} version ${version} (${learner}) on ${rows} rows ${run}`;
  const where =
    method === 'holdout'
      ? `${folds[0].train_rows} rows, measured on ${rows} held-out ones`
      : `${folds.length} folds (${method}), measured on ${rows} rows`;
  return `${learner} fitted on ${where} ${run}`;
}

function baselineLines({ baselines, metric, metrics }: Evaluation): string[] {
  if (baselines.length === 0) return [];
  const own = metrics.find((one) => one.metric === metric);
  const beats = ({ value }: { value: number | null }) => {
    if (value === null || own?.mean == null) return 'unknown';
    return (own.direction === 'greater' ? own.mean > value : own.mean < value) ? 'beaten' : 'NOT beaten';
  };
  return [
    '',
    ...formatTable(
      ['baseline', metric, ''],
      baselines.map((one) => [one.name, formatNumber(one.value), beats(one)]),
    ),
  ];
}

function sliceTable({ metric, metrics }: Evaluation, slices: readonly SliceMetrics[]): string[] {
  const names = [metric, ...metrics.map((one) => one.metric).filter((name) => name !== metric)]
    .filter((name) => name in slices[0].metrics)
    .slice(0, 1 + SLICE_METRICS);
  const isBinary = slices[0].positives !== null;
  return formatTable(
    ['slice', 'rows', ...(isBinary ? ['positive'] : []), names[0], 'from', 'to', ...names.slice(1)],
    slices.map(({ slice, rows, positives, metrics: own, intervals }) => [
      slice,
      rows,
      ...(isBinary ? [positives] : []),
      formatNumber(own[names[0]]),
      formatNumber(intervals?.[names[0]]?.lower ?? null),
      formatNumber(intervals?.[names[0]]?.upper ?? null),
      ...names.slice(1).map((name) => formatNumber(own[name])),
    ]),
  );
}

function calibrationLines(bins: readonly CalibrationBin[]): string[] {
  const used = bins.filter(({ rows }) => rows > 0);
  return formatTable(
    ['probability', 'rows', 'mean', 'came true', 'from', 'to'],
    used.map(({ lower, upper, rows, meanPrediction, positiveRate, rateLower, rateUpper }) => [
      `${lower.toFixed(3)} to ${upper.toFixed(3)}`,
      rows,
      ...[meanPrediction, positiveRate, rateLower, rateUpper].map((value) => value.toFixed(4)),
    ]),
  );
}

function costLines(costs: readonly CostAt[]): string[] {
  return [
    ...formatTable(
      ['threshold', '', 'cost', 'a row'],
      costs.map(({ at, threshold, cost, cost_a_row }) => [
        formatNumber(threshold),
        at,
        formatNumber(cost),
        formatNumber(cost_a_row),
      ]),
    ),
    'The threshold of least cost was chosen on these rows: on new ones it costs a little more.',
  ];
}

export function describeForecasts({
  learner,
  season,
  series,
  horizon,
  smape,
  mase,
  ...rest
}: ForecastEvaluation) {
  const steps = horizon.least === horizon.most ? horizon.most : `${horizon.least} to ${horizon.most}`;
  return [
    `${printable(learner)}: ${series} series, ${steps} values ahead, season ${season}`,
    `sMAPE ${smape.toFixed(3)}`,
    `MASE ${mase.toFixed(3)}`,
    ...(rest.without_mase > 0
      ? [
          `${rest.without_mase} series are no longer than a season, or never change from one to the next: they have no MASE.`,
        ]
      : []),
    '',
    ...formatTable(
      ['forecast', 'sMAPE', 'MASE'],
      rest.baselines.map((one) => [one.learner, one.smape.toFixed(3), one.mase.toFixed(3)]),
    ),
  ];
}
