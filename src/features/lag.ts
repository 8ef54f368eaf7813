import { alongSeries, columnStep, isPast, lookBackOf, type NewColumn, namesOf } from './new-columns.js';
import { type FrameColumn, sourcesOf } from './step.js';
import { MOST_BACK, NUMBERS } from './step-settings.js';

function laggedColumn(source: FrameColumn, by: number): FrameColumn {
  // What is known of a past column is one row old already.
  const before = lookBackOf(source) + (isPast(source) ? by - 1 : by);
  const made = { name: `${source.name}_lag${by}`, lookBack: before, sources: sourcesOf(source) };
  if ((source.kind === 'category' || source.kind === 'past') && source.categories !== undefined)
    return { ...made, kind: 'category', categories: source.categories };
  const date = 'date' in source && source.date === true ? { date: true as const } : {};
  return { ...made, kind: 'number', ...date };
}

function lagged(source: FrameColumn, index: number, by: number): NewColumn {
  const back = isPast(source) ? by - 1 : by;
  return {
    column: laggedColumn(source, by),
    sequential: true,
    fill: alongSeries(index, (known, made) => {
      made.fill(Number.NaN, 0, Math.min(back, made.length));
      made.set(known.subarray(0, Math.max(0, known.length - back)), Math.min(back, made.length));
    }),
  };
}

/**
 * The value `by` rows before in the same series, as `NAME_lagBY`; missing for the first rows. Equal to pandas'
 * `groupby(...).shift(by)`.
 */
export const lag = columnStep({
  kind: 'lag',
  summary: 'the value some rows before, in the same series',
  settings: [
    { name: 'columns', description: 'columns; every number when left out', columns: true },
    { name: 'by', description: 'how many rows before, one number or a list' },
  ],
  make(settings) {
    const { frame } = settings;
    const columns = settings.columns('columns', settings.has('columns') ? [...NUMBERS, 'category'] : NUMBERS);
    const by = settings.wholes('by', 1, MOST_BACK);
    settings.checkCount(columns.length * by.length);
    return {
      added: columns.flatMap((index) => by.map((rows) => lagged(frame[index], index, rows))),
      json: { columns: namesOf(frame, columns), by },
    };
  },
});
