import type { MetricsTable } from './schema.js';
import type { SqliteHandle } from './sqlite-dialect.js';

const COLUMNS = 'run_id, key, step, value, special, logged_at';
const VALUES = ':run_id, :key, :step, :value, :special, :logged_at';

/**
 * The hot insert: prepared once, one durable transaction a call. The last value of a key is the one of its highest
 * step; of two at the same step, the later one.
 */
export function prepareInsertMetrics(handle: SqliteHandle): (points: MetricsTable[]) => Promise<void> {
  const { raw } = handle;
  const insertPoint = raw.prepare(`INSERT INTO metric_points (${COLUMNS}) VALUES (${VALUES})`);
  const upsertLast = raw.prepare(`
    INSERT INTO metrics (${COLUMNS}) VALUES (${VALUES})
    ON CONFLICT (run_id, key) DO UPDATE SET
      step = excluded.step, value = excluded.value, special = excluded.special, logged_at = excluded.logged_at
    WHERE excluded.step >= metrics.step`);
  const insertAll = raw.transaction((points: MetricsTable[]) => {
    for (const point of points) insertPoint.run(point);
    for (const point of lastPoints(points)) upsertLast.run(point);
  });

  return async (points) => {
    if (points.length === 0) return;
    const turn = handle.turns.take();
    if (turn) await turn;
    // Given back inside the attempt: a training loop that never yields must not find its last insert still holding on.
    const attempt = () => {
      insertAll.immediate(points);
      handle.turns.giveBack();
    };
    await handle.run(attempt).catch((error) => {
      handle.turns.giveBack();
      throw error;
    });
  };
}

/** Of each run and key, the point that counts as last among these: a batch then upserts once a key, not once a point. */
function lastPoints(points: MetricsTable[]): Iterable<MetricsTable> {
  const last = new Map<string, MetricsTable>();
  for (const point of points) {
    const name = `${point.run_id}\0${point.key}`;
    const held = last.get(name);
    if (held === undefined || point.step >= held.step) last.set(name, point);
  }
  return last.values();
}
