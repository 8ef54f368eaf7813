import * as z from 'zod';
import { allLiveMetrics } from '../accuracy-metrics.js';
import { hoursRanges, lineText, share, span, spanOrNever, timeZone, wholeFrom, wordOf } from './shapes.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What every rule may say in the config. */
const common = {
  name: lineText.max(80),
  severity: wordOf(['info', 'warning', 'critical'] as const).default('warning'),
  channels: z.array(z.string()).optional(),
  hours: hoursRanges.optional(),
  timeZone: timeZone.optional(),
  for: span.default(0),
  repeatAfter: spanOrNever.default(DAY),
  escalateAfter: span.optional(),
  escalateTo: z.array(z.string()).min(1).optional(),
  tellResolved: z.boolean().default(true),
};

const ofModel = { ...common, model: lineText.optional() };
const bound = { above: z.number().optional(), below: z.number().optional() };
const window = span.refine((ms) => ms > 0, 'is longer than nothing');

/** Those that outcomes are measured by; whether the task of the model has it, the store tells. */
const metricName = wordOf(allLiveMetrics());

export const ruleShapes = {
  metric: z.strictObject({
    kind: z.literal('metric'),
    ...ofModel,
    ...bound,
    metric: metricName,
    by: lineText.optional(),
    since: window.default(7 * DAY),
    least: wholeFrom(1).default(50),
  }),
  drift: z.strictObject({
    kind: z.literal('drift'),
    ...ofModel,
    since: window.default(7 * DAY),
    leastEffect: z.number().gt(0).max(1).optional(),
  }),
  score: z.strictObject({
    kind: z.literal('score'),
    ...ofModel,
    ...bound,
    since: window.default(HOUR),
    count: wholeFrom(1).optional(),
    share: share.optional(),
    least: wholeFrom(1).default(1),
  }),
  'no-data': z.strictObject({
    kind: z.literal('no-data'),
    ...ofModel,
    of: wordOf(['predictions', 'outcomes'] as const).default('predictions'),
    since: window.default(DAY),
  }),
  'error-rate': z.strictObject({
    kind: z.literal('error-rate'),
    ...common,
    above: share.default(0.05),
    since: window.default(5 * MINUTE),
    least: wholeFrom(1).default(20),
  }),
  latency: z.strictObject({
    kind: z.literal('latency'),
    ...common,
    above: z.number().positive(),
    quantile: z.number().min(0.5).max(0.999).default(0.95),
    since: window.default(5 * MINUTE),
    least: wholeFrom(1).default(20),
  }),
};

type RuleKind = keyof typeof ruleShapes;
/** As it stands in a config, and with its defaults. */
export type RuleInput = z.input<(typeof ruleShapes)[RuleKind]>;
export type WrittenRule = z.infer<(typeof ruleShapes)[RuleKind]>;
