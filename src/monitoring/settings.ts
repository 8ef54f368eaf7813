import type { Setting } from '../settings.js';

/** What the prediction log keeps, and which thing a prediction is about. */
export const monitoringSettings: readonly Setting[] = [
  {
    key: 'redact',
    config: 'log.redact',
    env: 'RISKOPS_LOG_REDACT',
    kind: 'list',
    default: [],
    description:
      'fields whose values the prediction log never keeps: names, or patterns with * such as customer.*',
  },
  {
    key: 'keepDays',
    config: 'log.keepDays',
    env: 'RISKOPS_LOG_KEEP_DAYS',
    kind: 'number',
    default: null,
    min: 1,
    max: 36500,
    description: 'days after which predictions are deleted, with their outcomes; kept for ever when not set',
  },
  {
    key: 'entity',
    config: 'models.*.entity',
    env: 'RISKOPS_ENTITY',
    kind: 'list',
    default: [],
    description:
      "the field of a request's row, or the fields, whose value names the thing that an outcome is told about",
  },
];
