import type { Series } from './series.js';
import type { FittedStep, Frame, FrameColumn, StepKind } from './step.js';
import { fileSettings, type StepSettings, userSettings } from './step-settings.js';

/** The rows that a step works on. */
export interface StepRows {
  x: Float64Array;
  rowCount: number;
  frame: Frame;
  series: Series | null;
}

/** A column that a step adds to those that there are. */
export interface NewColumn {
  column: FrameColumn;
  /** It is made of earlier rows too. */
  sequential: boolean;
  /** Writes the value of every row into `made`. */
  fill(rows: StepRows, made: Float64Array): void;
}

/** Infinities are no features: what cannot be computed is missing. */
export const finite = (value: number) => (Number.isFinite(value) ? value : Number.NaN);

/** Whether what a row may know of a column is that of a row before. */
export const isPast = (column: FrameColumn) => column.kind === 'past';

/** How many rows before a row the newest one lies that it may know of a column. */
const ageOf = (column: FrameColumn) => (column.kind === 'past' ? (column.ahead ?? 1) : 0);

/** How many earlier rows what a row may know of a column needs. */
export const lookBackOf = (column: FrameColumn) => (column.lookBack ?? 0) + ageOf(column);

/**
 * A column made of another one series by series. `compute` gets what each row of a series may know of the column, in the order of time:
 * the value itself, of a past column the newest that is known. It writes to `made[i]` what it makes of `known[0]` to `known[i]`, so that no row can
 * see a later one.
 */
export function alongSeries(
  index: number,
  compute: (known: Float64Array, made: Float64Array) => void,
): NewColumn['fill'] {
  return ({ x, frame, series }, made) => {
    const { order, starts } = series!;
    const shift = ageOf(frame[index]);
    for (let s = 0; s + 1 < starts.length; s++) {
      const rows = order.subarray(starts[s], starts[s + 1]);
      const known = new Float64Array(rows.length).fill(Number.NaN);
      const result = new Float64Array(rows.length);
      for (let i = shift; i < rows.length; i++) known[i] = x[rows[i - shift] * frame.length + index];
      compute(known, result);
      for (let i = 0; i < rows.length; i++) made[rows[i]] = result[i];
    }
  };
}

/** What each row may know of a column. */
export function knownValues(index: number, rows: StepRows): Float64Array {
  const { x, rowCount, frame } = rows;
  const values = new Float64Array(rowCount);
  if (isPast(frame[index])) alongSeries(index, (known, made) => made.set(known))(rows, values);
  else for (let row = 0, at = index; row < rowCount; row++, at += frame.length) values[row] = x[at];
  return values;
}

/** The step that leaves out the columns `without` and adds the new ones behind the others. */
export function appendColumns(
  settings: StepSettings,
  { added, without = new Set(), json }: MadeColumns,
): FittedStep {
  const { frame } = settings;
  const kept = Int32Array.from(frame.keys()).filter((i) => !without.has(i));
  const outputs = [...Array.from(kept, (i) => frame[i]), ...added.map(({ column }) => column)];
  checkNames(settings, outputs);
  const sequential = added.some((one) => one.sequential);
  if (sequential && !frame.some(({ kind }) => kind === 'time'))
    settings.fail('It looks at earlier rows, and no column orders the rows (--time COLUMN).');
  return {
    outputs,
    sequential,
    apply(x, rowCount, series) {
      const width = outputs.length;
      const y = new Float64Array(rowCount * width);
      for (let row = 0, at = 0; row < rowCount; row++, at += width) {
        const from = row * frame.length;
        for (let i = 0; i < kept.length; i++) y[at + i] = x[from + kept[i]];
      }
      const made = new Float64Array(rowCount);
      for (const [i, one] of added.entries()) {
        one.fill({ x, rowCount, frame, series }, made);
        for (let row = 0, at = kept.length + i; row < rowCount; row++, at += width) y[at] = made[row];
      }
      return y;
    },
    toJSON: () => json,
  };
}

function checkNames(settings: StepSettings, columns: Frame): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name))
      settings.fail(`It would make the column "${name}", and there is one of this name already.`);
    seen.add(name);
  }
}

/** What a step makes of its settings: new columns, and its JSON without the kind, with which it is made again. */
export interface MadeColumns {
  added: readonly NewColumn[];
  /** Columns that are left out from here on. */
  without?: ReadonlySet<number>;
  json: Record<string, unknown>;
}

/** A kind of step that adds columns and learns nothing: its settings say it all. */
export function columnStep(
  kind: Pick<StepKind, 'kind' | 'summary' | 'settings'> & { make(settings: StepSettings): MadeColumns },
): StepKind {
  const stepOf = (settings: StepSettings) => {
    const made = kind.make(settings);
    return appendColumns(settings, { ...made, json: { kind: kind.kind, ...made.json } });
  };
  return {
    ...kind,
    fit: (config, frame) => stepOf(userSettings(config, frame, kind.settings)),
    load: (json, where, frame) => stepOf(fileSettings(json, where, frame, kind.settings)),
  };
}

export const namesOf = (frame: Frame, columns: readonly number[]) => columns.map((i) => frame[i].name);
