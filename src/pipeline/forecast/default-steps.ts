import type { StepConfig } from '../../features/recipe.js';

export interface SeriesFacts {
  /** The columns that are known up to the row before. */
  past: readonly string[];
  /** The target among them. */
  target: string;
  /** The column that orders the rows, where it holds dates. */
  dates: string | null;
  /** Rows in a season; null where there is none. */
  season: number | null;
  /** How many rows before a row the newest known one lies. */
  ahead: number;
  /** The learner follows the rows before by itself. */
  sequential: boolean;
}

/** A learner that follows the rows itself needs what is known of each; another one needs the rows before beside each other. */
export function forecastSteps({ past, target, dates, season, ahead, sequential }: SeriesFacts): StepConfig[] {
  const calendar: StepConfig[] =
    dates === null || season === null ? [] : [{ kind: 'calendar', column: dates, parts: partsFor(season) }];
  if (sequential) return [{ kind: 'lag', columns: [...past], by: [1] }, ...calendar];
  const others = past.filter((name) => name !== target);
  // Counted from the newest known row, the value of a season before lies this far back.
  const back = season === null ? 0 : season * Math.ceil(ahead / season) - ahead + 1;
  const seasonal = back > 3 ? [back] : [];
  return [
    { kind: 'lag', columns: [target], by: [...new Set([1, 2, 3, ...seasonal])] },
    ...(others.length === 0 ? [] : [{ kind: 'lag', columns: others, by: [1] }]),
    { kind: 'rolling', columns: [target], windows: [3, 6], of: ['mean', 'sd'] },
    { kind: 'diff', columns: [target], by: [1] },
    ...calendar,
  ];
}

/** What goes round in a season. */
function partsFor(season: number): string[] {
  if (season === 24) return ['hour', 'weekday'];
  if (season === 7) return ['weekday', 'month'];
  return season === 4 ? ['quarter'] : ['month'];
}
