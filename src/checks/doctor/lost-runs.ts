import { readStatus } from '../../tracking/liveness.js';
import type { DoctorCheck } from './check.js';

const MOST = 10_000;

/** Runs whose process is gone. That is told from their processes by each reader, so nothing has to be mended. */
export const lostRuns: DoctorCheck = {
  name: 'lost runs',
  async run({ store }) {
    if (!store) return [];
    const running = await store.db
      .selectFrom('runs')
      .selectAll()
      .where('status', '=', 'RUNNING')
      .where('deleted_at', 'is', null)
      .orderBy('sequence', 'desc')
      .limit(MOST)
      .execute();
    const lost = running.filter((run) => readStatus(run) === 'LOST');
    if (lost.length === 0) return [];
    const shown = lost.slice(0, 5).map(({ run_id }) => run_id.slice(0, 8));
    return [
      {
        severity: 'ok',
        message: `${lost.length} run(s) read LOST, since their process is gone: ${shown.join(', ')}${lost.length > 5 ? ' ...' : ''}.`,
      },
    ];
  },
};
