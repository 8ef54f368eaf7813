import { printable } from '../util/text.js';
import type { DriftedPart, DriftReport } from './drift-report.js';

const percent = (share: number) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** By how much a part moved, in a few words. */
function describeMove({ by, missing, missing_reference, shift, effect, unseen }: DriftedPart): string {
  if (by === 'missing')
    return `missing in ${percent(missing)} of the rows, was ${percent(missing_reference)}`;
  if (unseen !== null && effect !== null && unseen >= effect / 2)
    return `${percent(unseen)} are categories that training never saw`;
  // A spread that changed has no direction: its mean stays.
  if (shift !== null && Math.abs(shift) >= 0.1)
    return `${shift > 0 ? '+' : '-'}${Math.abs(shift).toPrecision(2)} sd`;
  return `${percent(effect ?? 0)} of the rows lie elsewhere`;
}

const count = (rows: number) => rows.toLocaleString('en-US');

type Facts = Pick<DriftReport, 'verdict' | 'features' | 'scores' | 'window' | 'fewest_rows' | 'rows_needed'>;

/** The verdict in one sentence. */
export function sentenceOf({ verdict, features, scores, window, fewest_rows, rows_needed }: Facts): string {
  if (verdict === 'undecided')
    return rows_needed > 0
      ? `Not enough rows: ${count(fewest_rows)} are needed for a verdict and there are ${count(fewest_rows - rows_needed)}; need ${count(rows_needed)} more.`
      : 'No verdict: no feature can be compared with the reference.';
  const moved = features.filter(({ drifted }) => drifted);
  const of = `${features.length} feature${features.length === 1 ? '' : 's'}`;
  const answers =
    scores === null
      ? ''
      : scores.drifted
        ? `the scores moved (${describeMove(scores)})`
        : 'the scores did not';
  if (verdict === 'no drift')
    return `No drift: none of ${of} moved${scores === null ? '' : ', nor did the scores'}, in ${count(window.looked)} rows.`;
  if (moved.length === 0) return `Drift: ${answers}, and none of ${of} did.`;
  const [most] = moved;
  const named = `${moved.length === 1 ? '' : 'most of all '}"${printable(most.name, 60)}" (${describeMove(most)})`;
  return `Drift: ${moved.length} of ${of} moved, ${named}${answers === '' ? '' : `; ${answers}`}.`;
}
