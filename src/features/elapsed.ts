import { parseDate } from '../datasets/dates.js';
import { columnStep, finite, isPast, knownValues, lookBackOf } from './new-columns.js';
import { sourcesOf } from './step.js';
import type { StepSettings } from './step-settings.js';

const UNITS = { second: 1e3, minute: 6e4, hour: 36e5, day: 864e5, week: 6048e5 };
type Unit = keyof typeof UNITS;

/** The column to measure: the one that orders the rows, when none is named. */
function columnIn(settings: StepSettings): number {
  if (settings.has('column')) return settings.column('column', ['number', 'time', 'past']);
  const time = settings.frame.findIndex(({ kind }) => kind === 'time');
  if (time < 0) settings.fail('column is not given, and no column orders the rows (--time COLUMN).');
  return time;
}

function originOf(settings: StepSettings, isDate: boolean): number {
  if (!settings.has('since')) return 0;
  if (!isDate) return settings.number('since', -Number.MAX_VALUE, Number.MAX_VALUE, 0);
  const date = parseDate(settings.text('since'));
  return date ?? settings.fail(`since is "${settings.text('since')}", which is no date such as 2024-01-31.`);
}

/** Time as a number that a learner may see: since an origin, in a unit; the learner sees no time by itself. */
export const elapsed = columnStep({
  kind: 'elapsed',
  summary: 'the time since a fixed date or number, as a number',
  settings: [
    {
      name: 'column',
      description: 'a column of dates or numbers; what orders the rows when left out',
      columns: true,
    },
    { name: 'since', description: 'the date or number to count from; 1970-01-01 or 0 when left out' },
    { name: 'unit', description: `of dates: ${Object.keys(UNITS).join(', ')}; day when left out` },
  ],
  make(settings) {
    const index = columnIn(settings);
    const source = settings.frame[index];
    const isDate = 'date' in source && source.date === true;
    if (!isDate && settings.has('unit'))
      settings.fail(`unit is for dates, and "${source.name}" is a number.`);
    const unit = settings.choice('unit', Object.keys(UNITS) as Unit[], 'day');
    const origin = originOf(settings, isDate);
    const scale = isDate ? UNITS[unit] : 1;
    return {
      added: [
        {
          column: {
            name: `${source.name}_elapsed`,
            kind: 'number',
            lookBack: lookBackOf(source),
            sources: sourcesOf(source),
          },
          sequential: isPast(source),
          fill(rows, made) {
            const times = knownValues(index, rows);
            for (let row = 0; row < rows.rowCount; row++) made[row] = finite((times[row] - origin) / scale);
          },
        },
      ],
      json: {
        column: source.name,
        ...(settings.has('since') ? { since: isDate ? settings.text('since') : origin } : {}),
        ...(isDate ? { unit } : {}),
      },
    };
  },
});
