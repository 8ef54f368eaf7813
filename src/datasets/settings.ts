import type { Setting } from '../settings.js';

/** What every row to be predicted must keep, and what is fetched for it. */
export const rowSettings: readonly Setting[] = [
  {
    key: 'checks',
    config: 'models.*.checks',
    env: 'RISKOPS_CHECKS',
    kind: 'json',
    default: null,
    description:
      'rules that a row to be predicted must keep, such as {"rule": "discount_price < original_price"}: a JSON list, or a file with it',
  },
  {
    key: 'lookups',
    config: 'models.*.lookups',
    env: 'RISKOPS_LOOKUPS',
    kind: 'json',
    default: null,
    description: 'features that the server fetches by a key from a database: a JSON list, or a file with it',
  },
];
