import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { migrations } from '../../src/storage/database/migrations.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { APPLICATION_ID } from '../../src/storage/database/sqlite-file.js';
import { placesIn } from './rows.js';

const TIME = '2026-01-01T00:00:00.000Z';

/** Each number that the database cannot keep as it is, and what version 1 has for it. */
const SPECIAL = ["NULL, 'NaN'", "1.7976931348623157e308, 'Infinity'", "0, '-0'", '5e-324, NULL', '0.1, NULL'];

/** A store as the first release left it, with `runs` runs of 5 x `points` metric points, a version and a promotion. */
export function version1Store(folder: string, { runs = 20, points = 100 } = {}): string {
  const { database } = placesIn(folder);
  mkdirSync(dirname(database), { recursive: true });
  const raw = openConnection(database);
  raw.pragma('journal_mode = WAL');
  raw.transaction(() => {
    raw.exec(migrations[0].sqlite);
    raw.pragma(`application_id = ${APPLICATION_ID}`);
    raw.pragma('user_version = 1');
    for (let i = 0; i < runs; i++) {
      const id = String(i).padStart(32, '0');
      raw.exec(`
        INSERT INTO runs (run_id, dir_name, kind, status, created_at, host, pid, boot_id, process_started, heartbeat_at)
          VALUES ('${id}', '20260101_000000_train_${id}', 'train', 'FINISHED', '${TIME}', 'h', 1, 'b', '1', '${TIME}');
        INSERT INTO params VALUES ('${id}', 'lr', '0.1');
        INSERT INTO artifacts VALUES ('${id}', 'roc.svg', 'plot', '${'a'.repeat(64)}', 3, '${TIME}');`);
      for (const [k, value] of SPECIAL.entries()) {
        raw.exec(`
          WITH RECURSIVE steps (step) AS (SELECT 0 UNION ALL SELECT step + 1 FROM steps WHERE step + 1 < ${points})
          INSERT INTO metric_points (run_id, key, step, value, special, logged_at)
            SELECT '${id}', 'm${k}', step, ${value}, '${TIME}' FROM steps;
          INSERT INTO metrics VALUES ('${id}', 'm${k}', ${points - 1}, ${value}, '${TIME}');`);
      }
    }
    const first = '0'.repeat(32);
    raw.exec(`
      INSERT INTO models VALUES ('credit', '${TIME}');
      INSERT INTO versions VALUES
        ('credit', 1, '${first}', 'dummy', 'models/credit/c', '${'b'.repeat(64)}', '${'c'.repeat(64)}', 1, '{}', '${TIME}');`);
  })();
  raw.close();
  return database;
}

/** What the store says of itself, whichever version it has: the same before and after a migration but for `version`. */
export function contentOf(database: string) {
  const raw = openConnection(database, { readonly: true });
  const one = (sql: string) => raw.prepare(sql).pluck().get();
  const content = {
    version: raw.pragma('user_version', { simple: true }),
    integrity: raw.pragma('integrity_check', { simple: true }),
    orphans: raw.pragma('foreign_key_check'),
    runs: one('SELECT count(*) FROM runs'),
    points: one('SELECT count(*) FROM metric_points'),
    special: raw.prepare('SELECT special, count(*) FROM metric_points GROUP BY special').raw().all(),
    smallest: one('SELECT count(*) FROM metric_points WHERE value = 5e-324'),
    versions: raw.prepare('SELECT model, version, sha256 FROM versions').all(),
  };
  raw.close();
  return content;
}
