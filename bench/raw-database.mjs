// The bare database that the benchmarks of the store compare with: the table of metric points and the pragmas of a riskops store,
// and nothing of its code.
import BetterSqlite3 from 'better-sqlite3';

/** Never collected: Node from 24.19 on ends a process that lets go of one. */
const kept = [];

/** Opens or makes a database with the table `metric_points`, write-ahead log, synchronous FULL, and no waiting inside SQLite. */
export function rawDatabase(path) {
  const raw = new BetterSqlite3(path, { timeout: 0 });
  kept.push(raw);
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = FULL');
  raw.exec(`CREATE TABLE IF NOT EXISTS metric_points (
    metric INTEGER NOT NULL,
    step INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    value REAL,
    special TEXT CHECK (special IN ('NaN', 'Infinity', '-Infinity', '-0')),
    logged_ms INTEGER NOT NULL,
    PRIMARY KEY (metric, step, ordinal),
    CHECK (value IS NOT NULL OR special IS NOT NULL)
  ) STRICT, WITHOUT ROWID`);
  const prepare = raw.prepare.bind(raw);
  raw.prepare = (sql) => {
    const statement = prepare(sql);
    kept.push(statement);
    return statement;
  };
  return raw;
}
