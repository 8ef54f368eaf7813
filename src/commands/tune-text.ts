import type { TuneResult } from '../pipeline/tune.js';
import type { Trial } from '../pipeline/tune-trial.js';
import { printable } from '../util/text.js';
import { formatNumber } from './output.js';
import { formatTable } from './table.js';

/** So many trials are shown; all of them are on record. */
const SHOWN = 10;

/** A trial as a program reads it. */
export const shownTrial = ({ learner, ...trial }: Trial) => ({ ...trial, learner: learner.name });

/** The best trials, what the defaults had, and what failed. */
export function describeSearch(found: TuneResult): string[] {
  const { trials, best, failed, metric, settings, defaults } = found;
  const searched = Object.keys(settings).filter((name) =>
    trials.some(({ hyper }) => hyper[name] !== best.hyper[name]),
  );
  const shares = trials.some(({ share }) => share !== 1);
  const rows = trials
    .slice(0, SHOWN)
    .map(({ trial, value, sd, share, hyper, run_id }) => [
      trial,
      formatNumber(value),
      formatNumber(sd),
      ...(shares ? [share === 1 ? 'all' : `1/${Math.round(1 / share)}`] : []),
      ...searched.map((name) => formatNumber(hyper[name])),
      run_id.slice(0, 8),
    ]);
  const gain =
    defaults === null || best.trial === 0
      ? []
      : [`The defaults (trial 0) have ${metric} ${formatNumber(defaults.value)} on the same folds.`];
  return [
    headOf(found),
    '',
    ...formatTable(
      ['trial', metric, 'sd', ...(shares ? [best.resource ?? 'rows'] : []), ...searched, 'run'],
      rows,
    ),
    ...(trials.length > SHOWN ? [`and ${trials.length - SHOWN} more: riskops runs list --kind trial`] : []),
    '',
    `Best: trial ${best.trial}, ${metric} ${formatNumber(best.value)} on folds of the training rows.`,
    ...gain,
    'The best of many looks better than it is: the held-out rows judge it.',
    ...failed
      .slice(0, 3)
      .map(
        ({ trial, error, run_id }) =>
          `Trial ${trial} failed: ${printable(error ?? '', 160)} (run ${run_id.slice(0, 8)})`,
      ),
  ];
}

function headOf({
  learner,
  rows,
  folds,
  method,
  trials,
  failed,
  reused,
  time_up,
  run_id,
}: TuneResult): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const notes = [
    `${count(trials.length, 'trial')} of ${learner} on ${count(folds, 'fold')} of ${rows} training rows (${method})`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(reused > 0 ? [`${reused} from before`] : []),
    ...(time_up ? ['the time was up'] : []),
  ];
  return `Tuned ${notes.join(', ')} (run ${run_id.slice(0, 8)}).`;
}
