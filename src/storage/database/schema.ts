import type { Generated } from 'kysely';

/** Numbers that SQLite cannot keep as they are. */
export type SpecialNumber = 'NaN' | 'Infinity' | '-Infinity' | '-0';

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
  spools: SpoolsTable;
  models: { name: string; created_at: string; last_version: Generated<number> };
  versions: VersionsTable;
  version_marks: VersionMarksTable;
  aliases: AliasesTable;
  current_versions: { model: string; version: number; promotion_id: string };
  promotions: PromotionsTable;
  holdout_uses: HoldoutUsesTable;
  prediction_segments: PredictionSegmentsTable;
  tokens: TokensTable;
  outcomes: OutcomesTable;
  alerts: AlertsTable;
  alert_deliveries: AlertDeliveriesTable;
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
  /** What people call it; several runs may have one name. */
  name: string | null;
  parent_run_id: string | null;
  group_name: string | null;
  /** Node, system, processor and lock file as JSON; null for a run from before they were recorded. */
  environment_json: string | null;
  exit_code: number | null;
  /** In the trash since. */
  deleted_at: string | null;
  protected_at: string | null;
  host: string;
  /** 0: no process stands behind the run, as when a shell script logs it. */
  pid: number;
  /** The machine's boot and the process's start: a pid that is used again is not the same process. */
  boot_id: string;
  process_started: string;
  heartbeat_at: string;
}

/** A metric's series: its last value, and what all its points together say. */
export interface MetricsTable {
  metric: Generated<number>;
  run_id: string;
  key: string;
  step: number;
  value: number | null;
  special: SpecialNumber | null;
  logged_at: string;
  points: number;
  /** Of the finite values: how many, their sum, the least and the most (null when there is none). */
  finite: number;
  total: number;
  least: number | null;
  most: number | null;
}

/** Every step of a metric. */
export interface MetricPointsTable {
  metric: number;
  step: number;
  /** Order of logging within the metric, from 0: what came last at a step is its value. */
  ordinal: number;
  value: number | null;
  special: SpecialNumber | null;
  /** Milliseconds since 1970, UTC. */
  logged_ms: number;
}

export interface ArtifactsTable {
  run_id: string;
  /** POSIX path below the run's folder. */
  path: string;
  kind: string;
  sha256: string;
  bytes: number;
  created_at: string;
  /** Where the file lies: its key in the blob store. */
  blob: string;
}

/**
 * How far the spool file of a run has been brought in, so that none of it comes in twice. A row stays when its file is
 * gone: a second process may still be reading it.
 */
export interface SpoolsTable {
  spool_id: string;
  run_id: string;
  bytes: number;
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

/** What may change about a version, which itself never does. */
export interface VersionMarksTable {
  model: string;
  version: number;
  /** In the trash since. */
  deleted_at: string | null;
  protected_at: string | null;
}

/** A free name for a version, such as `eu-production`. */
export interface AliasesTable {
  model: string;
  alias: string;
  version: number;
  actor: string;
  set_at: string;
}

/** Each judgement on a holdout: rows that have judged often no longer surprise. Append-only. */
export interface HoldoutUsesTable {
  sequence: Generated<number>;
  holdout_sha256: string;
  model: string;
  version: number;
  content_sha256: string;
  metric: string;
  /** Over the current model; null when there was none, or it could not be measured. */
  gain: number | null;
  verdict: 'promote' | 'reject' | 'undecided';
  gate_report_sha256: string;
  judged_at: string;
}

/** Append-only and hash-chained per store: triggers refuse UPDATE and DELETE. */
export interface PromotionsTable {
  sequence: Generated<number>;
  promotion_id: string;
  model: string;
  action: 'promote' | 'rollback' | 'retire' | 'approve';
  from_version: number | null;
  /** null: retired, none is current. */
  to_version: number | null;
  /** Of the model file of `to_version`; null when none is current, and in rows from before it was kept. */
  model_sha256: string | null;
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

/** Who may use the server; rows are never deleted. The secret itself is nowhere: only its hash. */
export interface TokensTable {
  token_id: string;
  /** Of one token at a time: a revoked one gives its name free. */
  name: string;
  role: 'viewer' | 'logger' | 'promoter' | 'admin';
  secret_sha256: string;
  created_at: string;
  created_by: string;
  expires_at: string | null;
  revoked_at: string | null;
  revoked_by: string | null;
}

/** What really came, of a prediction by its id or of a thing by its key. Of several the last one counts; none is changed. */
export interface OutcomesTable {
  sequence: Generated<number>;
  /** null: that of the prediction. */
  model: string | null;
  prediction_id: string | null;
  entity: string | null;
  /** The target's value, as JSON. */
  value_json: string;
  observed_at: string;
  received_at: string;
  actor: string;
}

/** Something that a rule found and that lasts until `resolved_at`; one open row a rule and subject at a time. */
export interface AlertsTable {
  alert_id: string;
  rule: string;
  /** The rule's kind: `metric`, `drift`, ... */
  kind: string;
  model: string | null;
  /** What the rule speaks of: a model, a segment, a server. */
  subject: string;
  severity: string;
  summary: string;
  details_json: string;
  first_at: string;
  last_at: string;
  /** How often it was seen. */
  times: number;
  /** null: seen, and not yet for as long as the rule asks. */
  fired_at: string | null;
  /** When its channels were last told. */
  sent_at: string | null;
  escalated_at: string | null;
  resolved_at: string | null;
}

/** A message of an alert on its way through a channel. */
export interface AlertDeliveriesTable {
  delivery_id: string;
  alert_id: string;
  channel: string;
  event: 'firing' | 'repeated' | 'changed' | 'escalated' | 'resolved';
  message_json: string;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  created_at: string;
  /** When it is tried next. */
  next_at: string | null;
  tried_at: string | null;
  delivered_at: string | null;
  /** What the last attempt came to, in one line. */
  answer: string | null;
  /** Who sends it at this moment, and until when nobody else does. */
  lease_id: string | null;
  lease_until: string | null;
}
