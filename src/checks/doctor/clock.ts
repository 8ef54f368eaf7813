import type { DoctorCheck } from './check.js';

const SLACK_MS = 5 * 60 * 1000;

/** The newest times on record against this machine's clock. */
export const clock: DoctorCheck = {
  name: 'clock',
  async run({ store }) {
    if (!store) return [];
    const run = await store.db
      .selectFrom('runs')
      .select(({ fn }) => fn.max('created_at').as('at'))
      .executeTakeFirst();
    const promotion = await store.db
      .selectFrom('promotions')
      .select(({ fn }) => fn.max('promoted_at').as('at'))
      .executeTakeFirst();
    const newest = [run?.at, promotion?.at]
      .filter((at) => typeof at === 'string')
      .sort()
      .at(-1);
    if (!newest || Date.parse(newest) <= Date.now() + SLACK_MS) return [];
    return [
      {
        severity: 'warning',
        message: `The newest row is of ${newest}, and this machine's clock says ${new Date().toISOString()}: one of the two was wrong.`,
        remedy: 'set the clock; the order of what is on record does not depend on it',
      },
    ];
  },
};
