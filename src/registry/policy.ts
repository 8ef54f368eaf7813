import * as z from 'zod';
import { RiskopsError } from '../errors.js';
import { baselineNames } from '../evaluation/baselines.js';
import { metrics } from '../evaluation/metrics.js';
import type { Task } from '../models/learner.js';
import { printable, suggestWord } from '../util/text.js';
import {
  defaultPolicy,
  type Guard,
  type Policy,
  type PresetName,
  policyMeanings,
  presetNames,
} from './policy-keys.js';
import { presets } from './policy-presets.js';

export {
  type BoundGuard,
  defaultPolicy,
  type Guard,
  type MarginGuard,
  type Policy,
  type PresetName,
  policyMeanings,
} from './policy-keys.js';

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
    preset: oneOf([...presetNames]).transform((name) => name as PresetName),
    metric,
    minGain: z.number().min(0),
    confidence: z.number().min(0.5).max(0.9999),
    proof: z.enum(['interval', 'point'], { error: 'is "interval" or "point"' }),
    resamples: wholeNumber(200, 100_000),
    seed: wholeNumber(0, 0xffffffff),
    blockRows: z.union([z.literal('auto'), z.literal('off'), wholeNumber(1, Number.MAX_SAFE_INTEGER)], {
      error: 'is "auto", "off" or a whole number from 1',
    }),
    guards: z.array(guard),
    baselines: z.union([z.literal('all'), z.array(oneOf(baselineNames(task)))], {
      error: `is "all" or a list of ${baselineNames(task).join(', ')}`,
    }),
    minRows: wholeNumber(2, Number.MAX_SAFE_INTEGER),
    minPositives: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    schema: z.enum(['same', 'any'], { error: 'is "same" or "any"' }),
    maxTwins: z.number().min(0).max(1),
    maxHoldoutUses: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    onHoldoutWorn: z.enum(['warn', 'undecided'], { error: 'is "warn" or "undecided"' }),
    approvals: wholeNumber(0, 20),
  });
}

function metricOf(task: Task) {
  const known = metrics.filter((one) => one.task === task).map((one) => one.name);
  return z.string().superRefine((word, context) => {
    const elsewhere = metrics.find((one) => one.name === word);
    if (elsewhere && !known.includes(word))
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

/** What speaks against the preset of a policy; undefined when nothing does. */
function presetFault(written: Partial<Policy>, task: Task): string | undefined {
  if (written.preset === undefined) return undefined;
  const preset = presets[written.preset];
  if (preset.task !== task)
    return `policy.preset: "${written.preset}" is for ${preset.task} models; this one is ${task}`;
  const keys = Object.keys(preset.values) as (keyof Policy)[];
  if (keys.some((key) => written[key] === undefined)) return undefined;
  return `policy.preset: "${written.preset}" changes nothing, since ${keys.join(', ')} are all written beside it; delete those that it should decide`;
}

function invalidPolicy(task: Task, faults: string[]): RiskopsError {
  return new RiskopsError('POLICY_INVALID', {
    what: `The policy of this ${task} model is not valid.`,
    why: faults.join('. '),
    details: { faults },
  });
}

/**
 * A policy from a config file: what it leaves out is its preset's, and else as in `defaultPolicy(task)`. POLICY_INVALID
 * names every key and value that cannot be.
 */
export function parsePolicy(json: unknown, task: Task): Policy {
  const shape = policyShape(task);
  const parsed = shape.partial().safeParse(json ?? {});
  if (!parsed.success)
    throw invalidPolicy(
      task,
      parsed.error.issues.map((issue) => faultText(issue, Object.keys(shape.shape))),
    );
  const written = withoutUndefined(parsed.data) as Partial<Policy>;
  const fault = presetFault(written, task);
  if (fault !== undefined) throw invalidPolicy(task, [fault]);
  const preset = written.preset === undefined ? {} : presets[written.preset].values;
  return { ...defaultPolicy(task), ...preset, ...written };
}

/** One value of a policy, and who says so. */
export interface PolicyLine {
  key: keyof Policy;
  value: unknown;
  /** `policy`: written in the config. */
  from: 'default' | 'preset' | 'policy';
}

/**
 * A policy line by line with where each value comes from.
 * @throws RiskopsError POLICY_INVALID
 */
export function explainPolicy(json: unknown, task: Task): PolicyLine[] {
  const policy = parsePolicy(json, task);
  const written = withoutUndefined((json ?? {}) as Partial<Policy>);
  const preset = policy.preset === undefined ? {} : presets[policy.preset].values;
  const origin = (key: keyof Policy) => {
    if (key in written) return 'policy';
    return key in preset ? 'preset' : 'default';
  };
  return (Object.keys(policyMeanings) as (keyof Policy)[])
    .filter((key) => policy[key] !== undefined)
    .map((key) => ({ key, value: policy[key], from: origin(key) }));
}
