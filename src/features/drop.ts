import { columnStep, namesOf } from './new-columns.js';
import { NUMBERS } from './step-settings.js';

/** Leaves columns out from here on. Time, group and past columns need none: the learner never sees them. */
export const drop = columnStep({
  kind: 'drop',
  summary: 'leaves columns out from here on',
  settings: [{ name: 'columns', description: 'columns', columns: true }],
  make(settings) {
    const columns = settings.columns('columns', [...NUMBERS, 'category'], true);
    return { added: [], without: new Set(columns), json: { columns: namesOf(settings.frame, columns) } };
  },
});
