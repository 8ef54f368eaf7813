import { RiskopsError } from '../errors.js';
import type { Metric } from '../evaluation/metrics.js';
import type { Run } from '../tracking/runs.js';
import { rankTrials, type SearchProgress } from './tune-search.js';
import type { Trial, TrialSetting } from './tune-trial.js';

/** What the trials of a search came to. */
export interface FoundTrials {
  /** Best first: the trials that finished, each with the largest share of the resource it got. */
  trials: Trial[];
  best: Trial;
  /** Trials that failed, with the reason; none of them can win. */
  failed: Trial[];
  /** Fits of this search that were done before it went on. */
  reused: number;
}

/** The trials of a search so far. */
export class TrialLog {
  readonly #trials: Trial[] = [];
  #best: Trial | undefined;
  /** Fits of the full resource that were done now, and how long they took. */
  #work = { fits: 0, seconds: 0 };

  constructor(
    readonly run: Run,
    readonly metric: Metric,
    readonly onProgress: (text: string) => void = () => {},
  ) {}

  get hasResult(): boolean {
    return this.#best !== undefined;
  }

  add(trial: Trial): Trial {
    this.#trials.push(trial);
    if (!trial.reused) {
      this.#work.fits += trial.share;
      this.#work.seconds += trial.seconds;
    }
    this.#best = rankTrials(this.#best ? [this.#best, trial] : [trial], this.metric)[0];
    if (this.#best && !trial.reused)
      this.run.logMetrics({ [`best_${this.metric.name}`]: this.#best.value as number }, this.#trials.length);
    return trial;
  }

  /** One line: where the search is, what is best so far, and how long the rest takes if it goes on like this. */
  tell({ trial, share }: TrialSetting, { done, of }: SearchProgress): void {
    const { fits, seconds } = this.#work;
    const left = fits > 0 && of < 10_000 ? `, about ${duration(((of - done) * seconds) / fits)} left` : '';
    const part = share === 1 ? '' : ` with 1/${Math.round(1 / share)} of the resource`;
    const best = this.#best;
    const so = best ? `; best ${this.metric.name} ${shown(best.value)} (trial ${best.trial})` : '';
    this.onProgress(`trial ${trial}${part}${so}${left}`);
  }

  /** @throws TRAINING_FAILED when not one trial could be measured */
  result(): FoundTrials {
    const latest = new Map<number, Trial>();
    for (const trial of this.#trials) latest.set(trial.trial, trial);
    const trials = rankTrials([...latest.values()], this.metric);
    const failed = this.#trials.filter(({ value }) => value === null);
    if (trials.length === 0) throw allFailed(failed);
    const reused = this.#trials.filter((trial) => trial.reused).length;
    return { trials, best: trials[0], failed, reused };
  }
}

function allFailed(failed: Trial[]): RiskopsError {
  return new RiskopsError('TRAINING_FAILED', {
    what: `Not one of ${failed.length} trials could be measured.`,
    why: failed[0]?.error ?? 'None was done.',
    fix: 'riskops runs list --kind trial --status FAILED',
  });
}

const shown = (value: number | null) => String(Number((value as number).toPrecision(5)));

/** `40 s`, `3 min`, `2 h`. */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
