import type { Task } from '../models/learner.js';

export const presetNames = ['balance', 'rul', 'sell-through', 'macro', 'anomaly'] as const;

export type PresetName = (typeof presetNames)[number];

/** Non-inferior to the current model: surely not worse by more than `margin`, in the metric's own unit. */
export interface MarginGuard {
  metric: string;
  margin: number;
}

/** The candidate's own value, whatever the current model's. */
export type BoundGuard = { metric: string; min: number } | { metric: string; max: number };

/** A second metric that a better model must not spoil. */
export type Guard = MarginGuard | BoundGuard;

/** When a candidate may replace the current model. */
export interface Policy {
  /** Whose values stand in for the default's. */
  preset?: PresetName;
  /** The metric that decides; its direction is the metric's own. */
  metric: string;
  /** The gain over the current model that must be proven, in the metric's unit. */
  minGain: number;
  /**
   * Of each bound by itself (one-sided): at 0.95 a model that is only as good as the current one is promoted about
   * one time in twenty.
   */
  confidence: number;
  /** How a gain over the current model is proven: by the bounds of the bootstrap, or taken as it is seen. */
  proof: 'interval' | 'point';
  /** Bootstrap resamples. */
  resamples: number;
  seed: number;
  /** A holdout in time order is drawn in blocks of so many consecutive rows; `off`: row by row. */
  blockRows: 'auto' | 'off' | number;
  guards: Guard[];
  /** Naive baselines that the candidate must beat, current model or not. */
  baselines: 'all' | string[];
  /** Holdout rows below which nothing is decided. */
  minRows: number;
  /** binary: positive holdout rows below which nothing is decided. */
  minPositives: number;
  /** `same`: the candidate must take what the current model takes. */
  schema: 'same' | 'any';
  /** The share of holdout rows with an exact twin (features and target) among the training rows above which nothing is decided. */
  maxTwins: number;
  /** How many distinct candidates a holdout may have judged before it counts as worn. */
  maxHoldoutUses: number;
  /** What a worn holdout does: a warning, or no verdict. */
  onHoldoutWorn: 'warn' | 'undecided';
  /** How many people other than the one who promotes must have approved the version. */
  approvals: number;
}

/** What each key of a policy means, for the documents. */
export const policyMeanings: Record<keyof Policy, string> = {
  preset: 'a rule by name, see below; keys beside it win over its own',
  metric: 'the metric that decides',
  minGain: "the gain over the current model that must be proven, in the metric's unit",
  confidence: 'of each bound by itself: at 0.95 an equal model is promoted about one time in twenty',
  proof:
    '`interval`: a gain over the current model is proven by the bounds of the bootstrap; `point`: it is taken as it is seen, which promotes many a model that is not better',
  resamples: 'how often the holdout is drawn again',
  seed: 'the seed of these draws',
  blockRows:
    'a holdout in time order (`time:` splits) is drawn in blocks of so many consecutive rows, rows of one time together; `auto`: by the autocorrelation of the loss difference (Politis & White 2004); `off`: row by row',
  guards:
    'metrics that must not get worse: `{ metric, margin }` against the current model, `{ metric, min }` or `{ metric, max }` for the value itself',
  baselines: 'naive baselines to beat: `all`, or a list of names',
  minRows: 'holdout rows below which nothing is decided',
  minPositives: 'positive holdout rows below which nothing is decided',
  schema: '`same`: the candidate must take what the current model takes; or `any`',
  maxTwins:
    'the share of holdout rows that stand, target and all, among the training rows too, above which nothing is decided',
  maxHoldoutUses:
    'how many distinct candidates a holdout may judge before its reports warn: the best of many looks better than it is',
  onHoldoutWorn: '`warn`, or `undecided`: a holdout beyond that number decides nothing any more',
  approvals:
    'how many people other than the one who promotes must have approved the version (`riskops approve`), `--force` or not',
};

const DECIDING: Record<Task, string> = { binary: 'auc', multiclass: 'log_loss', regression: 'rmse' };

/**
 * The policy where none is written.
 *
 * - AUC does not see whether probabilities are right, so the Brier score must not get worse: by 0.002 at most, which
 *   is what probabilities cost that are all off by 4.5 percentage points. Regression has no such margin: it would
 *   need the target's unit. Of many classes log loss decides: it sees every probability, so nothing stands beside it.
 * - With fewer than about 100 rows or 30 positives the bounds of the bootstrap no longer hold what they promise.
 */
export function defaultPolicy(task: Task): Policy {
  const binary = task === 'binary';
  return {
    metric: DECIDING[task],
    minGain: 0,
    confidence: 0.95,
    proof: 'interval',
    resamples: 2000,
    seed: 0,
    blockRows: 'auto',
    guards: binary ? [{ metric: 'brier', margin: 0.002 }] : [],
    baselines: 'all',
    minRows: 100,
    minPositives: binary ? 30 : 0,
    schema: 'same',
    maxTwins: 0.05,
    maxHoldoutUses: 20,
    onHoldoutWorn: 'warn',
    approvals: 0,
  };
}
