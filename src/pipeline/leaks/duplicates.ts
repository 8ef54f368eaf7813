import { twinsAcross } from '../../datasets/duplicates.js';
import { foreignHints } from '../../datasets/foreign-texts.js';
import type { ColumnRoles } from '../../datasets/signature.js';
import type { LeakGuard } from './leak.js';
import { sampleRows } from './sample-rows.js';

/** Data with few different rows has twins by nature (a fifth of the wines of UCI's data); copies made before the split touch far more. */
const MOST_TWINS = 0.5;
/** Of one class, where it has enough rows to tell. */
const MOST_TWINS_OF_CLASS = 0.8;
const LEAST_ROWS = 20;

/** What makes a row what it is: in a series its place too. */
export function identityOf(
  features: readonly string[],
  target: string,
  { time, group }: ColumnRoles,
): string[] {
  return [...new Set([...features, target, time, group].filter((name) => name !== undefined))];
}

/**
 * Rows that were copied before the split stand on both sides of it: a model knows them by heart. Told from the share of the held-out rows,
 * or of those of one class, that have an exact twin, target included, among the training rows.
 */
export const findDuplicates: LeakGuard = ({ table, target, features, leftOut, schema, parts, roles }) => {
  const names = identityOf(features, target.name, roles);
  const test = sampleRows(parts.test);
  const isTwin = twinsAcross(table, names, parts.train, test);
  const found = (rows: number[]): number => rows.reduce((sum, at) => sum + isTwin[at], 0);
  const all = Array.from(test.keys());
  const groups = [{ label: 'held-out rows', rows: all, most: MOST_TWINS }];
  for (const [label, name] of (target.classes ?? []).entries())
    groups.push({
      label: `held-out rows of class ${JSON.stringify(name)}`,
      rows: all.filter((at) => target.y[test[at]] === label),
      most: MOST_TWINS_OF_CLASS,
    });
  const bad = groups.find(({ rows, most }) => rows.length >= LEAST_ROWS && found(rows) > most * rows.length);
  if (bad === undefined) return [];
  const share = Math.round((100 * found(bad.rows)) / bad.rows.length);
  const what = `${share} % of the ${bad.label} stand, target and all, among the training rows too.`;
  const [unread] = foreignHints(schema, features);
  if (unread !== undefined) {
    const apart = leftOut
      .filter(({ name }) => name !== target.name)
      .map(({ name, reason }) => `${name} (${reason})`);
    const why = `What may tell them apart is left out: ${apart.slice(0, 8).join('; ')}.`;
    return [{ columns: names, what, why, fix: unread.replace(/^Warning: /, '').replace(/\.$/, '') }];
  }
  return [
    {
      columns: names,
      what,
      why: 'Rows were probably copied before the split, to balance classes; a model would be judged on what it learned by heart.',
      fix: 'take the data as it was before, and riskops train --balance oversample, which copies rows after the split',
    },
  ];
};
