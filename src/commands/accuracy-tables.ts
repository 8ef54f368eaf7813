import type { AccuracyWindow, Measured } from '../monitoring/accuracy.js';
import { formatTable } from './table.js';

export const round = (value: number) => String(Number(value.toPrecision(4)));

export function coverageText({ coverage }: Pick<Measured, 'coverage'>): string {
  return coverage === null ? '-' : `${(100 * coverage).toFixed(1)} %`;
}

/** A metric of a part with its interval. */
function metricText({ metrics }: Measured, name: string): string {
  const found = metrics.find((metric) => metric.name === name);
  if (found?.value == null) return '-';
  return `${round(found.value)} (${round(found.lower ?? 0)} to ${round(found.upper ?? 0)})`;
}

/** A part of the predictions: what it is, how good it was, and what there is to say of it. */
interface Part {
  cells: string[];
  measured: Measured;
  note: string;
}

/** One line a part: what it is, how many, and each metric with its interval. */
function partsTable(names: readonly string[], parts: readonly Part[]): string[] {
  const hasNotes = parts.some(({ note }) => note !== '');
  const metrics = parts.find(({ measured }) => measured.metrics.length > 0)?.measured.metrics ?? [];
  return formatTable(
    [
      ...names,
      'predictions',
      'outcomes',
      'coverage',
      ...metrics.map(({ name }) => name),
      ...(hasNotes ? [''] : []),
    ],
    parts.map(({ cells, measured, note }) => [
      ...cells,
      measured.predictions,
      measured.with_outcome,
      coverageText(measured),
      ...metrics.map(({ name }) => metricText(measured, name)),
      ...(hasNotes ? [note] : []),
    ]),
  );
}

const shortage = ({ too_few }: Measured) => too_few?.split(',')[0] ?? '';

/** A line a segment. */
export function segmentsTable(
  segments: readonly (Measured & { segment: Record<string, string> })[],
): string[] {
  const by = Object.keys(segments[0]?.segment ?? {});
  return partsTable(
    by,
    segments.map(({ segment, ...measured }) => ({
      ...{ cells: by.map((field) => segment[field]), measured, note: shortage(measured) },
    })),
  );
}

const sumOf = (windows: readonly AccuracyWindow[]) =>
  windows.reduce((sum, { predictions }) => sum + predictions, 0);

/** Windows without an outcome that follow one another, as one. */
function gapOf(windows: readonly AccuracyWindow[]): Part {
  const predictions = sumOf(windows);
  const [first, last] = [windows[0], windows[windows.length - 1]];
  const coverage = predictions === 0 ? null : 0;
  const what = windows.length === 1 ? 'no outcome' : `${windows.length} windows without an outcome`;
  return {
    cells: [first.from, last.to],
    measured: { ...first, predictions, with_outcome: 0, coverage },
    note: what,
  };
}

/** What stands before the first outcome or behind the last one: nothing is shown of it but how many predictions wait. */
function outside(windows: readonly AccuracyWindow[]): string[] {
  const waiting = sumOf(windows);
  if (waiting === 0) return [];
  const [first, last] = [windows[0], windows[windows.length - 1]];
  return [`From ${first.from} to ${last.to}: ${waiting} predictions, none with an outcome.`];
}

/** A line a window, from the first one with an outcome to the last one; between them those without any are one line. */
export function windowsTable(windows: readonly AccuracyWindow[]): string[] {
  const hasOutcome = ({ with_outcome }: AccuracyWindow) => with_outcome > 0;
  const [begin, end] = [windows.findIndex(hasOutcome), windows.findLastIndex(hasOutcome)];
  if (begin < 0) return ['No window has an outcome.'];
  const parts: Part[] = [];
  for (let at = begin; at <= end; at++) {
    const next = windows.findIndex((window, i) => i >= at && hasOutcome(window));
    if (next > at) parts.push(gapOf(windows.slice(at, next)));
    at = next;
    const { from, to, ...measured } = windows[at];
    parts.push({ cells: [from, to], measured, note: shortage(measured) });
  }
  return [
    ...outside(windows.slice(0, begin)),
    ...partsTable(['from', 'to'], parts),
    ...outside(windows.slice(end + 1)),
  ];
}
