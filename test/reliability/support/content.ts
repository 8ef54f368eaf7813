import { openConnection } from '../../../src/storage/database/sqlite-connection.js';

/** What both schema versions hold, as sums that no lost or doubled row leaves alone. */
export function contentOf(database: string): unknown {
  const raw = openConnection(database, { readonly: true });
  const one = (sql: string) => raw.prepare(sql).get();
  const content = {
    runs: one('SELECT count(*), sum(sequence), group_concat(run_id || status || created_at) FROM runs'),
    params: one('SELECT count(*), group_concat(key || value) FROM params'),
    tags: one('SELECT count(*), group_concat(key || value) FROM tags'),
    points: one('SELECT count(*), sum(step), sum(value), count(special) FROM metric_points'),
    metrics: one(
      'SELECT count(*), sum(step), group_concat(key) FROM (SELECT * FROM metrics ORDER BY run_id, key)',
    ),
    artifacts: one('SELECT count(*), group_concat(sha256) FROM artifacts'),
    versions: one('SELECT count(*), group_concat(model || version || sha256) FROM versions'),
    promotions: one(
      'SELECT count(*), group_concat(promotion_id || action || to_version || reason) FROM promotions',
    ),
    current: one('SELECT count(*), group_concat(model || version || promotion_id) FROM current_versions'),
    check: one('PRAGMA integrity_check'),
  };
  raw.close();
  return content;
}
