import type { Migration } from './migration.js';

/**
 * Tables that others refer to cannot be changed in place: `promotions` gets two more actions, so it and the one table
 * that refers to it are written anew. `metrics` becomes the series that `metric_points` counts its steps by.
 */
export const record: Migration = {
  version: 2,
  what: 'groups, deletion, aliases, approvals, the holdout ledger and quicker metrics',
  sqlite: `
    ALTER TABLE runs ADD COLUMN name TEXT;
    ALTER TABLE runs ADD COLUMN parent_run_id TEXT REFERENCES runs (run_id) ON DELETE SET NULL;
    ALTER TABLE runs ADD COLUMN group_name TEXT;
    ALTER TABLE runs ADD COLUMN environment_json TEXT;
    ALTER TABLE runs ADD COLUMN exit_code INTEGER;
    ALTER TABLE runs ADD COLUMN deleted_at TEXT;
    ALTER TABLE runs ADD COLUMN protected_at TEXT;
    CREATE INDEX runs_by_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
    CREATE INDEX runs_by_group ON runs (group_name, sequence) WHERE group_name IS NOT NULL;
    CREATE INDEX runs_in_trash ON runs (deleted_at) WHERE deleted_at IS NOT NULL;

    ALTER TABLE artifacts ADD COLUMN blob TEXT NOT NULL DEFAULT '';
    UPDATE artifacts SET blob =
      'runs/' || (SELECT dir_name FROM runs WHERE runs.run_id = artifacts.run_id) || '/' || path;
    CREATE INDEX artifacts_by_blob ON artifacts (blob);

    CREATE TABLE metrics_2 (
      metric INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      step INTEGER NOT NULL,
      value REAL,
      special TEXT CHECK (special IN ('NaN', 'Infinity', '-Infinity', '-0')),
      logged_at TEXT NOT NULL,
      points INTEGER NOT NULL,
      finite INTEGER NOT NULL,
      total REAL NOT NULL,
      least REAL,
      most REAL,
      UNIQUE (run_id, key),
      CHECK (value IS NOT NULL OR special IS NOT NULL)
    ) STRICT;
    INSERT INTO metrics_2 (run_id, key, step, value, special, logged_at, points, finite, total, least, most)
      SELECT m.run_id, m.key, m.step, m.value, m.special, m.logged_at,
        count(*), sum(p.special IS NULL OR p.special = '-0'),
        coalesce(sum(CASE WHEN p.special IS NULL THEN p.value END), 0.0),
        min(CASE WHEN p.special IS NULL OR p.special = '-0' THEN p.value END),
        max(CASE WHEN p.special IS NULL OR p.special = '-0' THEN p.value END)
      FROM metrics m JOIN metric_points p ON p.run_id = m.run_id AND p.key = m.key
      GROUP BY m.run_id, m.key;
    CREATE TABLE metric_points_2 (
      metric INTEGER NOT NULL REFERENCES metrics_2 (metric) ON DELETE CASCADE,
      step INTEGER NOT NULL,
      ordinal INTEGER NOT NULL,
      value REAL,
      special TEXT CHECK (special IN ('NaN', 'Infinity', '-Infinity', '-0')),
      logged_ms INTEGER NOT NULL,
      PRIMARY KEY (metric, step, ordinal),
      CHECK (value IS NOT NULL OR special IS NOT NULL)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO metric_points_2 (metric, step, ordinal, value, special, logged_ms)
      SELECT m.metric, p.step,
        row_number() OVER (PARTITION BY m.metric ORDER BY p.sequence) - 1,
        p.value, p.special,
        CAST(round((julianday(p.logged_at) - 2440587.5) * 86400000) AS INTEGER)
      FROM metric_points p JOIN metrics_2 m ON m.run_id = p.run_id AND m.key = p.key;
    DROP TABLE metric_points;
    DROP TABLE metrics;
    ALTER TABLE metrics_2 RENAME TO metrics;
    ALTER TABLE metric_points_2 RENAME TO metric_points;
    -- All that a search by a metric reads lies in this index.
    CREATE INDEX metrics_by_key ON metrics (key, run_id, value, special, points, finite, total, least, most);

    ALTER TABLE models ADD COLUMN last_version INTEGER NOT NULL DEFAULT 0;
    UPDATE models SET last_version =
      coalesce((SELECT max(version) FROM versions WHERE versions.model = models.name), 0);

    CREATE TABLE spools (
      spool_id TEXT NOT NULL PRIMARY KEY,
      run_id TEXT NOT NULL,
      bytes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE version_marks (
      model TEXT NOT NULL,
      version INTEGER NOT NULL,
      deleted_at TEXT,
      protected_at TEXT,
      PRIMARY KEY (model, version),
      FOREIGN KEY (model, version) REFERENCES versions (model, version) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;

    -- INSERT OR REPLACE passes the trigger that refuses changes.
    CREATE TRIGGER versions_refuse_replace BEFORE INSERT ON versions
      WHEN EXISTS (SELECT 1 FROM versions WHERE model = NEW.model AND version = NEW.version)
      BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;

    CREATE TABLE aliases (
      model TEXT NOT NULL,
      alias TEXT NOT NULL,
      version INTEGER NOT NULL,
      actor TEXT NOT NULL,
      set_at TEXT NOT NULL,
      PRIMARY KEY (model, alias),
      FOREIGN KEY (model, version) REFERENCES versions (model, version)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE promotions_2 (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      promotion_id TEXT NOT NULL UNIQUE,
      model TEXT NOT NULL,
      action TEXT NOT NULL CHECK (action IN ('promote', 'rollback', 'retire', 'approve')),
      from_version INTEGER,
      to_version INTEGER CHECK (to_version IS NOT NULL OR action = 'retire'),
      model_sha256 TEXT,
      actor TEXT NOT NULL,
      reason TEXT NOT NULL,
      verdict TEXT CHECK (verdict IN ('promote', 'reject', 'undecided')),
      gate_report_sha256 TEXT,
      promoted_at TEXT NOT NULL,
      previous_hash TEXT NOT NULL,
      hash TEXT NOT NULL UNIQUE,
      FOREIGN KEY (model, from_version) REFERENCES versions (model, version),
      FOREIGN KEY (model, to_version) REFERENCES versions (model, version)
    ) STRICT;
    INSERT INTO promotions_2
      SELECT sequence, promotion_id, model, action, from_version, to_version, NULL, actor, reason, verdict,
        gate_report_sha256, promoted_at, previous_hash, hash
      FROM promotions ORDER BY sequence;
    CREATE TABLE current_versions_1 AS SELECT * FROM current_versions;
    DROP TABLE current_versions;
    DROP TABLE promotions;
    ALTER TABLE promotions_2 RENAME TO promotions;
    CREATE INDEX promotions_by_model ON promotions (model, sequence);
    CREATE TRIGGER promotions_refuse_update BEFORE UPDATE ON promotions
      BEGIN SELECT RAISE(ABORT, 'promotions are append-only'); END;
    CREATE TRIGGER promotions_refuse_delete BEFORE DELETE ON promotions
      BEGIN SELECT RAISE(ABORT, 'promotions are append-only'); END;
    -- INSERT OR REPLACE deletes the old row without firing the trigger above.
    CREATE TRIGGER promotions_refuse_replace BEFORE INSERT ON promotions
      WHEN EXISTS (
        SELECT 1 FROM promotions
        WHERE sequence = NEW.sequence OR promotion_id = NEW.promotion_id OR hash = NEW.hash
      )
      BEGIN SELECT RAISE(ABORT, 'promotions are append-only'); END;
    -- Only a connection without foreign keys gets as far as this.
    CREATE TRIGGER versions_refuse_delete BEFORE DELETE ON versions
      WHEN EXISTS (SELECT 1 FROM promotions WHERE model = OLD.model AND to_version = OLD.version)
      BEGIN SELECT RAISE(ABORT, 'a version that was promoted is kept'); END;
    CREATE TABLE current_versions (
      model TEXT NOT NULL PRIMARY KEY,
      version INTEGER NOT NULL,
      promotion_id TEXT NOT NULL REFERENCES promotions (promotion_id),
      FOREIGN KEY (model, version) REFERENCES versions (model, version)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO current_versions SELECT * FROM current_versions_1;
    DROP TABLE current_versions_1;

    CREATE TABLE holdout_uses (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      holdout_sha256 TEXT NOT NULL,
      model TEXT NOT NULL,
      version INTEGER NOT NULL,
      content_sha256 TEXT NOT NULL,
      metric TEXT NOT NULL,
      gain REAL,
      verdict TEXT NOT NULL CHECK (verdict IN ('promote', 'reject', 'undecided')),
      gate_report_sha256 TEXT NOT NULL,
      judged_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX holdout_uses_by_holdout ON holdout_uses (holdout_sha256, sequence);
    CREATE TRIGGER holdout_uses_refuse_update BEFORE UPDATE ON holdout_uses
      BEGIN SELECT RAISE(ABORT, 'the holdout ledger is append-only'); END;
    CREATE TRIGGER holdout_uses_refuse_replace BEFORE INSERT ON holdout_uses
      WHEN EXISTS (SELECT 1 FROM holdout_uses WHERE sequence = NEW.sequence)
      BEGIN SELECT RAISE(ABORT, 'the holdout ledger is append-only'); END;
    CREATE TRIGGER holdout_uses_refuse_delete BEFORE DELETE ON holdout_uses
      BEGIN SELECT RAISE(ABORT, 'the holdout ledger is append-only'); END;
  `,
};
