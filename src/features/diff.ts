import { alongSeries, columnStep, finite, lookBackOf, type NewColumn, namesOf } from './new-columns.js';
import { type FrameColumn, type StepKind, sourcesOf } from './step.js';
import { MOST_BACK, NUMBERS } from './step-settings.js';

/** How far a value is from the one some rows before. */
type Compare = (now: number, before: number) => number;

function compared(source: FrameColumn, index: number, name: string, by: number, compare: Compare): NewColumn {
  return {
    column: { name, kind: 'number', lookBack: lookBackOf(source) + by, sources: sourcesOf(source) },
    sequential: true,
    fill: alongSeries(index, (known, made) => {
      made.fill(Number.NaN, 0, Math.min(by, made.length));
      for (let i = by; i < known.length; i++) made[i] = finite(compare(known[i], known[i - by]));
    }),
  };
}

function comparingStep(kind: string, summary: string, compare: Compare): StepKind {
  return columnStep({
    kind,
    summary,
    settings: [
      { name: 'columns', description: 'columns; every number when left out', columns: true },
      { name: 'by', description: 'how many rows before, one number or a list; 1 when left out' },
    ],
    make(settings) {
      const { frame } = settings;
      const columns = settings.columns('columns', [...NUMBERS, 'time']);
      const by = settings.wholes('by', 1, MOST_BACK, [1]);
      settings.checkCount(columns.length * by.length);
      return {
        added: columns.flatMap((index) =>
          by.map((rows) =>
            compared(frame[index], index, `${frame[index].name}_${kind}${rows}`, rows, compare),
          ),
        ),
        json: { columns: namesOf(frame, columns), by },
      };
    },
  });
}

/** The value less the one `by` rows before, as `NAME_diffBY`; of the time itself: how long ago that row was. Equal to pandas' `diff`. */
export const diff = comparingStep(
  'diff',
  'the value less the one some rows before',
  (now, before) => now - before,
);

/**
 * The value's change since `by` rows before as a share of it, as `NAME_changeBY`: equal to pandas' `pct_change(fill_method=None)`, but missing where
 * that would be infinite.
 */
export const change = comparingStep(
  'change',
  'the change since some rows before, as a share of the value then; missing when that was 0',
  (now, before) => now / before - 1,
);
