import type { Generated } from 'kysely';

/**
 * The tables as Kysely sees them; `migrations.ts` makes them. Times are UTC text, `2026-03-01T12:00:00.000Z`.
 * Numbers that SQLite cannot keep (NaN, the infinities, -0) stand in `special`, with `value` null or near.
 */
export interface Database {
  runs: RunsTable;
  params: { run_id: string; key: string; value: string };
  metrics: MetricsTable;
  metric_points: MetricPointsTable;
  tags: { run_id: string; key: string; value: string };
  artifacts: ArtifactsTable;
  models: { name: string; created_at: string };
  versions: VersionsTable;
  current_versions: { model: string; version: number; promotion_id: string };
  promotions: PromotionsTable;
  prediction_segments: PredictionSegmentsTable;
}

export interface RunsTable {
  /** Order of creation, whatever the clock said. */
  sequence: Generated<number>;
  run_id: string;
  dir_name: string;
  kind: string;
  model: string | null;
  status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';
  created_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  error: string | null;
  note: string | null;
  git_commit: string | null;
  git_branch: string | null;
  git_dirty: number | null;
  host: string;
  pid: number;
  /** The machine's boot and the process's start: a pid that is used again is not the same process. */
  boot_id: string;
  process_started: string;
  heartbeat_at: string;
}

/** `metrics` holds the last value of each key, `metric_points` every step. */
export interface MetricsTable {
  run_id: string;
  key: string;
  step: number;
  value: number | null;
  special: 'NaN' | 'Infinity' | '-Infinity' | '-0' | null;
  logged_at: string;
}

export interface MetricPointsTable extends MetricsTable {
  /** Order of logging: what came last at a step is its value. */
  sequence: Generated<number>;
}

export interface ArtifactsTable {
  run_id: string;
  /** POSIX path below the run's folder. */
  path: string;
  kind: string;
  sha256: string;
  bytes: number;
  created_at: string;
}

/** A version is a trained model file on record; it is never changed. */
export interface VersionsTable {
  model: string;
  version: number;
  run_id: string;
  learner: string;
  /** POSIX path below the artifacts folder. */
  path: string;
  sha256: string;
  content_sha256: string;
  bytes: number;
  metrics_json: string;
  created_at: string;
}

/** Append-only and hash-chained per store: triggers refuse UPDATE and DELETE. */
export interface PromotionsTable {
  sequence: Generated<number>;
  promotion_id: string;
  model: string;
  action: 'promote' | 'rollback';
  from_version: number | null;
  to_version: number;
  actor: string;
  reason: string;
  verdict: 'promote' | 'reject' | 'undecided' | null;
  gate_report_sha256: string | null;
  promoted_at: string;
  previous_hash: string;
  hash: string;
}

/** Many predictions in one row: `rows` lines of JSON, found by the range of their time-ordered ids. */
export interface PredictionSegmentsTable {
  first_id: string;
  last_id: string;
  rows: number;
  written_at: string;
  content: Uint8Array;
}
