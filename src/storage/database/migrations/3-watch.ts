import type { Migration } from './migration.js';

/** What is known after an answer was given: tokens of those who asked, outcomes, alerts and their delivery. */
export const watch: Migration = {
  version: 3,
  what: 'tokens, outcomes, alerts and their delivery',
  sqlite: `
    CREATE TABLE tokens (
      token_id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('viewer', 'logger', 'promoter', 'admin')),
      secret_sha256 TEXT NOT NULL UNIQUE,
      created_at TEXT NOT NULL,
      created_by TEXT NOT NULL,
      expires_at TEXT,
      revoked_at TEXT,
      revoked_by TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX tokens_in_force ON tokens (name) WHERE revoked_at IS NULL;

    CREATE TABLE outcomes (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      model TEXT,
      prediction_id TEXT,
      entity TEXT,
      value_json TEXT NOT NULL,
      observed_at TEXT NOT NULL,
      received_at TEXT NOT NULL,
      actor TEXT NOT NULL,
      CHECK (prediction_id IS NOT NULL OR (entity IS NOT NULL AND model IS NOT NULL))
    ) STRICT;
    CREATE INDEX outcomes_by_prediction ON outcomes (prediction_id, sequence) WHERE prediction_id IS NOT NULL;
    CREATE INDEX outcomes_by_entity ON outcomes (model, entity, observed_at, sequence) WHERE entity IS NOT NULL;
    CREATE INDEX outcomes_by_receipt ON outcomes (received_at) WHERE entity IS NOT NULL;

    CREATE TABLE alerts (
      alert_id TEXT NOT NULL PRIMARY KEY,
      rule TEXT NOT NULL,
      kind TEXT NOT NULL,
      model TEXT,
      subject TEXT NOT NULL,
      severity TEXT NOT NULL,
      summary TEXT NOT NULL,
      details_json TEXT NOT NULL,
      first_at TEXT NOT NULL,
      last_at TEXT NOT NULL,
      times INTEGER NOT NULL,
      fired_at TEXT,
      sent_at TEXT,
      escalated_at TEXT,
      resolved_at TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX alerts_that_fire ON alerts (rule, subject) WHERE resolved_at IS NULL;
    CREATE INDEX alerts_by_time ON alerts (last_at);

    CREATE TABLE alert_deliveries (
      delivery_id TEXT NOT NULL PRIMARY KEY,
      alert_id TEXT NOT NULL REFERENCES alerts (alert_id) ON DELETE CASCADE,
      channel TEXT NOT NULL,
      event TEXT NOT NULL,
      message_json TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
      attempts INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      next_at TEXT,
      tried_at TEXT,
      delivered_at TEXT,
      answer TEXT,
      lease_id TEXT,
      lease_until TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_deliveries_that_wait ON alert_deliveries (channel, next_at) WHERE state = 'waiting';
    CREATE INDEX alert_deliveries_of_alert ON alert_deliveries (alert_id, channel);
  `,
};
