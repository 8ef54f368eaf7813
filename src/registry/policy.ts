import { z } from 'zod';
import { RiskopsError } from '../errors.js';
import { baselineNames } from '../evaluation/baselines.js';
import { metrics } from '../evaluation/metrics.js';
import type { Task } from '../models/learner.js';
import { printable, suggestWord } from '../util/text.js';

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
  /** The metric that decides; its direction is the metric's own. */
  metric: string;
  /** The gain over the current model that must be proven, in the metric's unit. */
  minGain: number;
  /**
   * Of each bound by itself (one-sided): at 0.95 a model that is only as good as the current one is promoted about
   * one time in twenty.
   */
  confidence: number;
  /** Bootstrap resamples. */
  resamples: number;
  seed: number;
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
}

/** What each key of a policy means, for the documents. */
export const policyMeanings: Record<keyof Policy, string> = {
  metric: 'the metric that decides',
  minGain: "the gain over the current model that must be proven, in the metric's unit",
  confidence: 'of each bound by itself: at 0.95 an equal model is promoted about one time in twenty',
  resamples: 'how often the holdout is drawn again',
  seed: 'the seed of these draws',
  guards:
    'metrics that must not get worse: `{ metric, margin }` against the current model, `{ metric, min }` or `{ metric, max }` for the value itself',
  baselines: 'naive baselines to beat: `all`, or a list of names',
  minRows: 'holdout rows below which nothing is decided',
  minPositives: 'positive holdout rows below which nothing is decided',
  schema: '`same`: the candidate must take what the current model takes; or `any`',
  maxTwins:
    'the share of holdout rows that stand, target and all, among the training rows too, above which nothing is decided',
};

/**
 * The policy where none is written.
 *
 * - AUC does not see whether probabilities are right, so the Brier score must not get worse: by 0.002 at most, which
 *   is what probabilities cost that are all off by 4.5 percentage points. Regression has no such margin: it would
 *   need the target's unit.
 * - With fewer than about 100 rows or 30 positives the bounds of the bootstrap no longer hold what they promise.
 */
export function defaultPolicy(task: Task): Policy {
  const binary = task === 'binary';
  return {
    metric: binary ? 'auc' : 'rmse',
    minGain: 0,
    confidence: 0.95,
    resamples: 2000,
    seed: 0,
    guards: binary ? [{ metric: 'brier', margin: 0.002 }] : [],
    baselines: 'all',
    minRows: 100,
    minPositives: binary ? 30 : 0,
    schema: 'same',
    maxTwins: 0.05,
  };
}

function wholeNumber(least: number, most: number) {
  return z.number().int().min(least).max(most);
}

function policyShape(task: Task) {
  const metric = metricOf(task);
  const guard = z
    .strictObject({
      metric,
      margin: z.number().min(0).optional(),
      min: z.number().optional(),
      max: z.number().optional(),
    })
    .refine(
      ({ margin, min, max }) => [margin, min, max].filter((value) => value !== undefined).length === 1,
      {
        message: 'has a metric and exactly one of margin, min, max',
      },
    )
    .transform((guard) => withoutUndefined(guard) as unknown as Guard);
  return z.strictObject({
    metric,
    minGain: z.number().min(0),
    confidence: z.number().min(0.5).max(0.9999),
    resamples: wholeNumber(200, 100_000),
    seed: wholeNumber(0, 0xffffffff),
    guards: z.array(guard),
    baselines: z.union([z.literal('all'), z.array(oneOf(baselineNames(task)))], {
      error: `is "all" or a list of ${baselineNames(task).join(', ')}`,
    }),
    minRows: wholeNumber(2, Number.MAX_SAFE_INTEGER),
    minPositives: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    schema: z.enum(['same', 'any'], { error: 'is "same" or "any"' }),
    maxTwins: z.number().min(0).max(1),
  });
}

function metricOf(task: Task) {
  const known = metrics.filter((one) => one.task === task).map((one) => one.name);
  return z.string().superRefine((word, context) => {
    const elsewhere = metrics.find((one) => one.name === word && one.task !== task);
    if (elsewhere)
      context.addIssue({
        code: 'custom',
        message: `"${word}" is for ${elsewhere.task} models; there is: ${known.join(', ')}`,
      });
    else checkWord(word, known, context);
  });
}

function checkWord(word: string, known: string[], context: z.RefinementCtx): void {
  if (known.includes(word)) return;
  context.addIssue({
    code: 'custom',
    message: `"${printable(word, 64)}" is not known; ${suggestWord(word, known)}`,
  });
}

/** A known word; another is answered by the nearest one. */
function oneOf(known: string[]) {
  return z.string().superRefine((word, context) => {
    if (known.includes(word)) return;
    context.addIssue({
      code: 'custom',
      message: `"${printable(word, 64)}" is not known; ${suggestWord(word, known)}`,
    });
  });
}

const guardKeys = ['metric', 'margin', 'min', 'max'];

/** Without keys that a TypeScript config set to undefined. */
function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Partial<T>;
}

/** A fault in one clause: where in the policy, and what is wrong there. */
function faultText(issue: z.core.$ZodIssue, policyKeys: string[]): string {
  const place = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  if (issue.code !== 'unrecognized_keys') return `policy${place}: ${issue.message}`;
  const known = issue.path.length === 0 ? policyKeys : guardKeys;
  const [key] = issue.keys;
  return `policy${place}: the key "${printable(key, 64)}" is not known; ${suggestWord(key, known)}`;
}

/**
 * A policy from a config file: what it leaves out is as in `defaultPolicy(task)`. POLICY_INVALID names every key and
 * value that cannot be.
 */
export function parsePolicy(json: unknown, task: Task): Policy {
  const shape = policyShape(task);
  const parsed = shape.partial().safeParse(json ?? {});
  if (parsed.success) {
    return { ...defaultPolicy(task), ...withoutUndefined(parsed.data) };
  }
  const faults = parsed.error.issues.map((issue) => faultText(issue, Object.keys(shape.shape)));
  throw new RiskopsError('POLICY_INVALID', {
    what: `The policy of this ${task} model is not valid.`,
    why: faults.join('. '),
    details: { faults },
  });
}
