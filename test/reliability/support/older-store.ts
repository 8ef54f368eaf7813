import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { migrations } from '../../../src/storage/database/migrations.js';
import { connectWriter } from '../../../src/storage/database/sqlite-connect.js';
import { migrateDatabase } from '../../../src/storage/database/sqlite-migrate.js';
import type { StorePlaces } from '../../../src/storage/store.js';
import { sha256 } from '../../../src/util/files.js';
import { toCanonicalJson } from '../../../src/util/json.js';

type Raw = BetterSqlite3.Database;
type Row = Record<string, string | number | null>;

/**
 * Turns a store, which must be closed, into one of schema version 1 with the same content, as the first riskops would have left
 * it.
 */
export async function makeOlder({ database, artifacts }: StorePlaces): Promise<void> {
  const older = `${database}.older`;
  const writer = await connectWriter(older, 5000);
  await migrateDatabase(writer, migrations.slice(0, 1));
  const { raw } = writer;
  raw.prepare('ATTACH ? AS newer').run(database);
  raw.transaction(() => {
    for (const table of ['runs', 'params', 'tags', 'artifacts', 'models', 'versions']) copyTable(raw, table);
    copyPromotions(raw);
    for (const table of ['current_versions', 'prediction_segments']) copyTable(raw, table);
    copyMetrics(raw);
  })();
  moveArtifacts(raw, artifacts);
  raw.exec('DETACH newer');
  raw.close();
  renameSync(older, database);
}

function columnsOf(raw: Raw, table: string): string[] {
  return raw.prepare(`SELECT name FROM main.pragma_table_info('${table}')`).pluck().all() as string[];
}

function copyTable(raw: Raw, table: string): void {
  const columns = columnsOf(raw, table).join(', ');
  raw.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM newer.${table}`);
}

/** The first rows did not name the model file, so their hashes did not cover it. */
function copyPromotions(raw: Raw): void {
  const columns = columnsOf(raw, 'promotions');
  const rows = raw.prepare(`SELECT ${columns.join(', ')} FROM newer.promotions ORDER BY sequence`).all();
  const insert = raw.prepare(`INSERT INTO main.promotions VALUES (${columns.map(() => '?').join(', ')})`);
  let previous_hash = '0'.repeat(64);
  for (const { hash: _, ...row } of rows as Row[]) {
    const covered: Row = { ...row, previous_hash };
    const hash = sha256(toCanonicalJson(covered));
    insert.run(columns.map((name) => ({ ...covered, hash })[name]));
    previous_hash = hash;
  }
}

function copyMetrics(raw: Raw): void {
  raw.exec(`
    INSERT INTO main.metrics SELECT run_id, key, step, value, special, logged_at FROM newer.metrics;
    INSERT INTO main.metric_points (run_id, key, step, value, special, logged_at)
      SELECT m.run_id, m.key, p.step, p.value, p.special,
        strftime('%Y-%m-%dT%H:%M:%fZ', p.logged_ms / 1000.0, 'unixepoch')
      FROM newer.metric_points p JOIN newer.metrics m USING (metric) ORDER BY p.metric, p.ordinal`);
}

/** Each artifact lay in the folder of its run. */
function moveArtifacts(raw: Raw, artifacts: string): void {
  const query = 'SELECT blob, dir_name, path FROM newer.artifacts JOIN newer.runs USING (run_id)';
  for (const { blob, dir_name, path } of raw.prepare(query).all() as Record<string, string>[]) {
    const target = join(artifacts, 'runs', dir_name, path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(artifacts, blob), target);
  }
}
