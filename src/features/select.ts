import { type Correlations, correlate } from './correlation.js';
import { appendColumns } from './new-columns.js';
import type { FittedStep, StepKind } from './step.js';
import { fileSettings, type StepSettings, userSettings } from './step-settings.js';

const SETTINGS = [
  {
    name: 'dropCorrelated',
    description:
      'of two columns whose absolute correlation is above this, the one nearer to the target is kept',
  },
  { name: 'keep', description: 'how many columns to keep: a whole number, or a share below 1' },
  { name: 'least', description: 'with a share: keep no fewer than so many; 1 when left out' },
];

/** Every pair of columns is measured: more would take too much memory. */
const MOST_COLUMNS = 2_000;

const isNumber = (kind: string) => kind === 'number' || kind === 'indicator';

/** How many of `count` columns may stay. */
function roomFor(settings: StepSettings, count: number): number {
  if (!settings.has('keep')) return count;
  const keep = settings.number('keep', 0, MOST_COLUMNS, count);
  const least = settings.whole('least', 1, MOST_COLUMNS, 1);
  if (keep > 0 && keep < 1) return Math.max(least, Math.ceil(count * keep));
  return settings.whole('keep', 1, MOST_COLUMNS, count);
}

/** The best columns by their correlation with the target, none of them too near to a better one; by index. */
function chooseColumns(found: Correlations, most: number, room: (left: number) => number): number[] {
  const ranked = [...found.withTarget.keys()].sort(
    (a, b) => found.withTarget[b] - found.withTarget[a] || a - b,
  );
  const apart: number[] = [];
  for (const column of ranked) {
    if (apart.every((better) => found.between(column, better) <= most)) apart.push(column);
  }
  return apart.slice(0, room(apart.length));
}

/** The step that leaves out the numbers that are not among the chosen. */
function fitted(settings: StepSettings, chosen: ReadonlySet<number>): FittedStep {
  const { frame } = settings;
  const left = [...frame.keys()].filter((i) => isNumber(frame[i].kind) && !chosen.has(i));
  const columns = [...frame.keys()].filter((i) => chosen.has(i)).map((i) => frame[i].name);
  return appendColumns(settings, { added: [], without: new Set(left), json: { kind: 'select', columns } });
}

/**
 * Keeps the numbers that say most of the target, by the absolute correlation on the training rows: first those that are too near to a better
 * one go, then all but the best. Categories stay. For more than two classes a column's correlation is its greatest with any of them.
 */
export const select: StepKind = {
  kind: 'select',
  summary: 'keeps the columns with the greatest correlation with the target, and none too near to another',
  settings: SETTINGS,
  fit(config, frame, x, rowCount, { y, classCount }) {
    const settings: StepSettings = userSettings(config, frame, SETTINGS);
    if (!settings.has('dropCorrelated') && !settings.has('keep'))
      settings.fail('Neither dropCorrelated nor keep is given.');
    if (settings.has('least') && !settings.has('keep'))
      settings.fail('least is for keep, which is not given.');
    if (y === null) settings.fail('It needs the target of the training rows.');
    const most = settings.number('dropCorrelated', 0, 1, 1);
    const columns = Int32Array.from(frame.keys()).filter((i) => isNumber(frame[i].kind));
    if (columns.length > MOST_COLUMNS)
      settings.fail(
        `There are ${columns.length} columns to compare with each other, more than ${MOST_COLUMNS}.`,
      );
    const found = correlate(x, rowCount, frame.length, columns, { y, classCount });
    const chosen = chooseColumns(found, most, (count) => roomFor(settings, count));
    return fitted(settings, new Set(chosen.map((at) => columns[at])));
  },
  load(json, where, frame) {
    const settings: StepSettings = fileSettings(json, where, frame, [
      { name: 'columns', description: 'what is kept' },
    ]);
    const { columns } = json as { columns?: unknown };
    const none = Array.isArray(columns) && columns.length === 0;
    return fitted(settings, new Set(none ? [] : settings.columns('columns', ['number', 'indicator'], true)));
  },
};
