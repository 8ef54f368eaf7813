import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { migrations } from '../../../src/storage/database/migrations.js';
import { connectWriter } from '../../../src/storage/database/sqlite-connect.js';
import { migrateDatabase } from '../../../src/storage/database/sqlite-migrate.js';
import type { StorePlaces } from '../../../src/storage/store.js';

/**
 * Turns a store, which must be closed, into one of schema version 1 with the same content, as the first riskops would have left
 * it: there each artifact lay in its run's own folder.
 */
export async function makeOlder({ database: path, artifacts }: StorePlaces): Promise<void> {
  const older = `${path}.older`;
  const { raw } = await connectOlder(older);
  raw.prepare('ATTACH ? AS newer').run(path);
  const tables = [
    'runs',
    'params',
    'tags',
    'artifacts',
    'models',
    'versions',
    'promotions',
    'current_versions',
  ];
  raw.transaction(() => {
    for (const table of [...tables, 'prediction_segments']) {
      const columns = raw
        .prepare(`SELECT name FROM main.pragma_table_info('${table}')`)
        .pluck()
        .all()
        .join(', ');
      raw.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM newer.${table}`);
    }
    raw.exec(`
      INSERT INTO main.metrics
        SELECT run_id, key, step, value, special, logged_at FROM newer.metrics;
      INSERT INTO main.metric_points (run_id, key, step, value, special, logged_at)
        SELECT m.run_id, m.key, p.step, p.value, p.special,
          strftime('%Y-%m-%dT%H:%M:%fZ', p.logged_ms / 1000.0, 'unixepoch')
        FROM newer.metric_points p JOIN newer.metrics m USING (metric) ORDER BY p.metric, p.ordinal`);
  })();
  const blobs = raw.prepare(
    'SELECT blob, dir_name, path FROM newer.artifacts JOIN newer.runs USING (run_id)',
  );
  for (const { blob, dir_name, path: own } of blobs.all() as Record<string, string>[]) {
    const target = join(artifacts, 'runs', dir_name, own);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(artifacts, blob), target);
  }
  raw.exec('DETACH newer');
  raw.close();
  renameSync(older, path);
}

async function connectOlder(path: string) {
  const writer = await connectWriter(path, 5000);
  await migrateDatabase(writer, migrations.slice(0, 1));
  return writer;
}
