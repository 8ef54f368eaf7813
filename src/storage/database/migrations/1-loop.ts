import type { Migration } from './migration.js';

export const loop: Migration = {
  version: 1,
  what: 'runs, the registry and the prediction log',
  sqlite: `
    CREATE TABLE runs (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id TEXT NOT NULL UNIQUE,
      dir_name TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      model TEXT,
      status TEXT NOT NULL CHECK (status IN ('RUNNING', 'FINISHED', 'FAILED', 'KILLED')),
      created_at TEXT NOT NULL,
      ended_at TEXT,
      duration_ms INTEGER CHECK (duration_ms >= 0),
      error TEXT,
      note TEXT,
      git_commit TEXT,
      git_branch TEXT,
      git_dirty INTEGER CHECK (git_dirty IN (0, 1)),
      host TEXT NOT NULL,
      pid INTEGER NOT NULL,
      boot_id TEXT NOT NULL,
      process_started TEXT NOT NULL,
      heartbeat_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs_by_model ON runs (model, sequence);
    CREATE INDEX runs_by_kind ON runs (kind, sequence);
    CREATE INDEX runs_by_status ON runs (status, sequence);

    CREATE TABLE params (
      run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE tags (
      run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE metrics (
      run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      step INTEGER NOT NULL,
      value REAL,
      special TEXT CHECK (special IN ('NaN', 'Infinity', '-Infinity', '-0')),
      logged_at TEXT NOT NULL,
      PRIMARY KEY (run_id, key),
      CHECK (value IS NOT NULL OR special IS NOT NULL)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE metric_points (
      sequence INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      step INTEGER NOT NULL,
      value REAL,
      special TEXT CHECK (special IN ('NaN', 'Infinity', '-Infinity', '-0')),
      logged_at TEXT NOT NULL,
      CHECK (value IS NOT NULL OR special IS NOT NULL)
    ) STRICT;
    CREATE INDEX metric_points_by_step ON metric_points (run_id, key, step);

    CREATE TABLE artifacts (
      run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      kind TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (run_id, path)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE models (
      name TEXT NOT NULL PRIMARY KEY,
      created_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE versions (
      model TEXT NOT NULL REFERENCES models (name),
      version INTEGER NOT NULL CHECK (version >= 1),
      run_id TEXT NOT NULL REFERENCES runs (run_id),
      learner TEXT NOT NULL,
      path TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      content_sha256 TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      metrics_json TEXT NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (model, version)
    ) STRICT;
    CREATE INDEX versions_by_run ON versions (run_id);
    CREATE TRIGGER versions_refuse_update BEFORE UPDATE ON versions
      BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;

    CREATE TABLE promotions (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      promotion_id TEXT NOT NULL UNIQUE,
      model TEXT NOT NULL,
      action TEXT NOT NULL CHECK (action IN ('promote', 'rollback')),
      from_version INTEGER,
      to_version INTEGER NOT NULL,
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

    CREATE TABLE current_versions (
      model TEXT NOT NULL PRIMARY KEY,
      version INTEGER NOT NULL,
      promotion_id TEXT NOT NULL REFERENCES promotions (promotion_id),
      FOREIGN KEY (model, version) REFERENCES versions (model, version)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE prediction_segments (
      first_id TEXT NOT NULL PRIMARY KEY,
      last_id TEXT NOT NULL,
      rows INTEGER NOT NULL CHECK (rows >= 1),
      written_at TEXT NOT NULL,
      content BLOB NOT NULL
    ) STRICT;
    CREATE INDEX prediction_segments_by_last ON prediction_segments (last_id);
  `,
};
