import { type Accuracy, directionOf, type Measured } from '../monitoring/accuracy.js';
import { coverageText, round, segmentsTable, windowsTable } from './accuracy-tables.js';
import { formatNumber } from './output.js';
import { formatTable } from './table.js';

const HOUR_MS = 3_600_000;

/** A span of time for people: 40 s, 3.5 h, 12 d. */
function spanText(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < HOUR_MS) return `${formatNumber(Math.round(ms / 1000))} s`;
  const hours = ms / HOUR_MS;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`;
}

/** How the value of today stands to the one on the held-out rows: only what the interval says. */
function comparison(metric: Measured['metrics'][number], holdout: number | undefined): string {
  const { name, lower, upper } = metric;
  const direction = directionOf(name);
  if (holdout === undefined || lower === null || upper === null || direction === null) return '';
  if (holdout >= lower && holdout <= upper) return 'no difference beyond chance';
  const isBetter = direction === 'greater' ? holdout < lower : holdout > upper;
  return isBetter ? 'better than then' : 'WORSE than then';
}

/** Value, interval, the figure of the held-out rows, and what the two say together. */
function metricCells(metric: Measured['metrics'][number], holdout: number | undefined): (string | null)[] {
  const before = holdout === undefined ? '-' : round(holdout);
  if (metric.value === null) return ['-', metric.why, before, ''];
  const interval = `${round(metric.lower ?? 0)} to ${round(metric.upper ?? 0)}`;
  return [round(metric.value), interval, before, comparison(metric, holdout)];
}

/** So many versions have lines of their own. */
const MOST_VERSIONS = 10;

/** Each metric over all predictions, and below it by version: what a version had on its held-out rows says nothing of another one. */
function versionsTable({ overall, versions }: Accuracy): string[] {
  const shown = versions.slice(0, MOST_VERSIONS);
  const rows = overall.metrics.flatMap((metric) => [
    [metric.name, 'all', overall.with_outcome, ...metricCells(metric, undefined)],
    ...shown.map(({ version, holdout, ...own }) => {
      const why = own.too_few?.split(',')[0] ?? null;
      const found = own.metrics.find(({ name }) => name === metric.name) ?? {
        ...{ name: metric.name, value: null, lower: null, upper: null, why },
      };
      return ['', version, own.with_outcome, ...metricCells(found, holdout?.[metric.name])];
    }),
  ]);
  const left = versions.length - shown.length;
  return [
    ...formatTable(['metric', 'version', 'outcomes', 'value', '95 % interval', 'holdout', ''], rows),
    'holdout: each version on its own held-out rows.',
    ...(left === 0
      ? []
      : [`${left} versions with fewer predictions are left out: --version shows one of them.`]),
  ];
}

function overallTable(accuracy: Accuracy): string[] {
  const { overall, versions, holdout } = accuracy;
  if (overall.too_few !== null) return [`${overall.too_few}.`];
  if (versions.length > 1) return versionsTable(accuracy);
  return [
    ...formatTable(
      ['metric', 'value', '95 % interval', 'holdout', ''],
      overall.metrics.map((metric) => [metric.name, ...metricCells(metric, holdout?.metrics[metric.name])]),
    ),
    ...(holdout === null ? [] : [`holdout: version ${holdout.version} on its held-out rows.`]),
  ];
}

/** What was measured, for people. */
export function accuracyLines(accuracy: Accuracy): string[] {
  const { model, versions, overall, segments, windows, notes } = accuracy;
  if (overall.predictions === 0 && versions.length === 0)
    return [`No prediction of ${model} is in the log for this time.`];
  const named = versions.map(({ version, predictions }) => `version ${version}: ${predictions}`).join(', ');
  const positives = overall.positives === null ? '' : `, ${overall.positives} of them positive`;
  return [
    `${model}: ${overall.predictions} predictions (${named}), ${overall.with_outcome} with an outcome (${coverageText(overall)})${positives}; the outcome came ${spanText(overall.median_delay_ms)} later (median).`,
    '',
    ...overallTable(accuracy),
    ...(segments.length === 0 ? [] : ['', ...segmentsTable(segments)]),
    ...(windows.length === 0 ? [] : ['', ...windowsTable(windows)]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
}
