import { type Accuracy, directionOf, type Measured } from '../monitoring/accuracy.js';
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

const round = (value: number) => String(Number(value.toPrecision(4)));

function coverageText({ coverage }: Measured): string {
  return coverage === null ? '-' : `${(100 * coverage).toFixed(1)} %`;
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

function overallTable({ overall, holdout }: Accuracy): string[] {
  if (overall.too_few !== null) return [`${overall.too_few}.`];
  return formatTable(
    ['metric', 'value', '95 % interval', 'holdout', ''],
    overall.metrics.map((metric) => {
      const before = holdout?.metrics[metric.name];
      if (metric.value === null) return [metric.name, '-', metric.why, before && round(before), ''];
      const interval = `${round(metric.lower ?? 0)} to ${round(metric.upper ?? 0)}`;
      return [
        ...[metric.name, round(metric.value), interval],
        ...[before === undefined ? '-' : round(before), comparison(metric, before)],
      ];
    }),
  );
}

/** A metric of a part with its interval. */
function metricText({ metrics }: Measured, name: string): string {
  const found = metrics.find((metric) => metric.name === name);
  if (found?.value == null) return '-';
  return `${round(found.value)} (${round(found.lower ?? 0)} to ${round(found.upper ?? 0)})`;
}

/** One line a part: what it is, how many, and each metric with its interval. */
function partsTable(names: readonly string[], parts: readonly { cells: string[]; measured: Measured }[]) {
  const areAllEnough = parts.every(({ measured }) => measured.too_few === null);
  const metrics = parts.find(({ measured }) => measured.metrics.length > 0)?.measured.metrics ?? [];
  return formatTable(
    [
      ...names,
      'predictions',
      'outcomes',
      'coverage',
      ...metrics.map(({ name }) => name),
      ...(areAllEnough ? [] : ['']),
    ],
    parts.map(({ cells, measured }) => [
      ...cells,
      measured.predictions,
      measured.with_outcome,
      coverageText(measured),
      ...metrics.map(({ name }) => metricText(measured, name)),
      ...(areAllEnough ? [] : [measured.too_few?.split(',')[0] ?? '']),
    ]),
  );
}

/** What was measured, for people. */
export function accuracyLines(accuracy: Accuracy): string[] {
  const { model, versions, overall, segments, windows, notes, holdout } = accuracy;
  if (overall.predictions === 0 && versions.length === 0)
    return [`No prediction of ${model} is in the log for this time.`];
  const named = versions.map(({ version, predictions }) => `version ${version}: ${predictions}`).join(', ');
  const positives = overall.positives === null ? '' : `, ${overall.positives} of them positive`;
  const by = Object.keys(segments[0]?.segment ?? {});
  return [
    `${model}: ${overall.predictions} predictions (${named}), ${overall.with_outcome} with an outcome (${coverageText(overall)})${positives}; the outcome came ${spanText(overall.median_delay_ms)} later (median).`,
    '',
    ...overallTable(accuracy),
    ...(holdout === null || overall.too_few !== null
      ? []
      : [`holdout: version ${holdout.version} on its held-out rows.`]),
    ...(segments.length === 0
      ? []
      : [
          '',
          ...partsTable(
            by,
            segments.map(({ segment, ...measured }) => ({
              cells: by.map((field) => segment[field]),
              measured,
            })),
          ),
        ]),
    ...(windows.length === 0
      ? []
      : [
          '',
          ...partsTable(
            ['from', 'to'],
            windows.map(({ from, to, ...measured }) => ({ cells: [from, to], measured })),
          ),
        ]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
}
