import { columnStep, finite, isPast, knownValues, lookBackOf } from './new-columns.js';
import { sourcesOf } from './step.js';
import { NUMBERS } from './step-settings.js';

/** One column divided by another, as `OF_per_BY` or the name given; missing where either is, or where it would be infinite. */
export const ratio = columnStep({
  kind: 'ratio',
  summary: 'one column divided by another; missing when that is 0',
  settings: [
    { name: 'of', description: 'the column that is divided', columns: true },
    { name: 'by', description: 'the column it is divided by', columns: true },
    { name: 'name', description: 'name of the new column; OF_per_BY when left out' },
  ],
  make(settings) {
    const { frame } = settings;
    const [of, by] = [settings.column('of', NUMBERS), settings.column('by', NUMBERS)];
    const name = settings.has('name') ? settings.text('name') : `${frame[of].name}_per_${frame[by].name}`;
    return {
      added: [
        {
          column: {
            name,
            kind: 'number',
            lookBack: Math.max(lookBackOf(frame[of]), lookBackOf(frame[by])),
            sources: sourcesOf(frame[of], frame[by]),
          },
          sequential: isPast(frame[of]) || isPast(frame[by]),
          fill(rows, made) {
            const [above, below] = [knownValues(of, rows), knownValues(by, rows)];
            for (let row = 0; row < rows.rowCount; row++) made[row] = finite(above[row] / below[row]);
          },
        },
      ],
      json: { of: frame[of].name, by: frame[by].name, name },
    };
  },
});
