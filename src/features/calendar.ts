import { datePartsOf, isZone, PARTS, type Part } from './date-parts.js';
import { columnStep, isPast, knownValues, lookBackOf, type NewColumn } from './new-columns.js';
import { sourcesOf } from './step.js';
import type { StepSettings } from './step-settings.js';

function partColumn(settings: StepSettings, index: number, part: Part, zone: string): NewColumn {
  const source = settings.frame[index];
  const partOf = datePartsOf(part, zone);
  return {
    column: {
      name: `${source.name}_${part}`,
      kind: 'number',
      lookBack: lookBackOf(source),
      sources: sourcesOf(source),
    },
    sequential: isPast(source),
    fill(rows, made) {
      const dates = knownValues(index, rows);
      for (let row = 0; row < rows.rowCount; row++)
        made[row] = Number.isNaN(dates[row]) ? Number.NaN : partOf(dates[row]);
    },
  };
}

/**
 * Parts of a date as numbers, `NAME_PART`, on the clock of a zone. They take the place of the date, but for one that orders the rows or is
 * known only up to the row before, which the learner never sees.
 */
export const calendar = columnStep({
  kind: 'calendar',
  summary: 'parts of a date as numbers, in place of the date',
  settings: [
    { name: 'column', description: 'a column of dates', columns: true },
    { name: 'parts', description: `a list of ${PARTS.join(', ')}` },
    { name: 'zone', description: 'UTC, or a zone such as Asia/Seoul; UTC when left out' },
  ],
  make(settings) {
    const index = settings.column('column', ['number', 'time', 'past']);
    const source = settings.frame[index];
    if (!('date' in source && source.date === true))
      settings.fail(`column is "${source.name}", which is no date.`);
    const parts = settings.choices('parts', PARTS);
    const zone = settings.has('zone') ? settings.text('zone') : 'UTC';
    if (!isZone(zone)) settings.fail(`zone is "${zone}", which is no time zone that is known here.`);
    return {
      added: parts.map((part) => partColumn(settings, index, part, zone)),
      without: new Set(source.kind === 'number' ? [index] : []),
      json: { column: source.name, parts, zone },
    };
  },
});
