/** A series whose times do not follow each other by their usual step: `after` and `next` are the first two that do not, of `count`. */
export interface Gap {
  /** null where there is one series. */
  series: string | number | null;
  step: string;
  after: string | number;
  next: string | number;
  count: number;
}

/** A series with too little history, in the words of /predict. */
export interface HistoryWarning {
  /** null where there is one series. */
  series: string | number | null;
  /** The column that orders the rows. */
  feature: string;
  code: 'HISTORY_MISSING';
  /** How many rows before the first forecast are known, and how many the model looks back on. */
  rows_before: number;
  looks_back: number;
}

/** So many series are named one by one. */
const MOST_NAMED = 3;

/** Warnings of the first series, and how many more there are. */
function someOf<Item extends { series: string | number | null }>(
  items: readonly Item[],
  tell: (whose: string, item: Item) => string,
  rest: string,
): string[] {
  const told = items.slice(0, MOST_NAMED).map((item) => {
    const whose = item.series === null ? 'The series' : `The series ${item.series}`;
    return `Warning: ${tell(whose, item)}`;
  });
  const more = items.length - told.length;
  return more > 0 ? [...told, `Warning: ${more} more series ${rest}; --json names them.`] : told;
}

/** A row that is not there is no time that passed: rows count as neighbours, whatever lies between. */
export function gapNotes(gaps: readonly Gap[]): string[] {
  return someOf(
    gaps,
    (whose, { step, after, next, count }) => {
      const more = count === 1 ? '' : `, the first of ${count} such places`;
      return `${whose} is not regular: after ${after} comes ${next}, and its usual step is ${step}${more}. Rows count as neighbours, so what looks back is off there.`;
    },
    'are not regular',
  );
}

/** A forecast on less than the model was made for is no better than a guess, and nobody measured how far it is off. */
export function historyNotes(warnings: readonly HistoryWarning[]): string[] {
  return someOf(
    warnings,
    (whose, { rows_before, looks_back }) =>
      `${whose} has ${rows_before} rows, and the model looks back on ${looks_back}. Its forecast stands on less than the model was made for, and has no intervals.`,
    'have too few rows',
  );
}
