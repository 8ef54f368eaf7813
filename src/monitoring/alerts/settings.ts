import type { Setting } from '../../settings.js';

export const alertSettings: readonly Setting[] = [
  {
    key: 'alerts',
    config: 'alerts',
    env: 'RISKOPS_ALERTS',
    kind: 'json',
    default: null,
    description:
      'the rules that are watched, and the channels that are told: JSON, or the path of a file with it',
  },
];
