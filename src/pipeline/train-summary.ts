import type { Learner, Task } from '../models/learner.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Run } from '../tracking/runs.js';
import type { FittedPipeline } from './fit-model.js';
import type { Holdout } from './holdout.js';
import type { PreparedData } from './prepare-data.js';

/** What a training did, as `riskops train --json` prints it. */
export interface TrainSummary {
  run_id: string;
  run_dir_name: string;
  model: string;
  version: number;
  learner: string;
  engine: string;
  task: Task;
  /** On the held-out rows. */
  metrics: Record<string, number>;
  threshold: number | null;
  /** `path` is relative to the artifacts folder. */
  candidate: { path: string; sha256: string; content_sha256: string; bytes: number };
  rows: { train: number; test: number; without_target: number };
  features: string[];
  /** Of a forecaster the columns that it knows up to the row before, its own target among them; empty for any other model. */
  past: string[];
  left_out: { name: string; reason: string }[];
  notes: string[];
  duration_ms: number;
}

interface Trained {
  run: Run;
  learner: Learner;
  data: PreparedData;
  holdout: Holdout;
  version: VersionRecord;
  fitted: Pick<FittedPipeline, 'threshold' | 'balanced' | 'watched'>;
  /** Of the last fit, as the learner told them; 0 of 0 when it tells none. */
  steps: { done: number; of: number };
  /** When the training began, by `performance.now`. */
  started: number;
}

export function summarise({
  run,
  learner,
  data,
  holdout,
  version,
  fitted,
  steps,
  started,
}: Trained): TrainSummary {
  const { path, sha256, content_sha256, bytes } = version;
  return {
    run_id: run.id,
    run_dir_name: run.dirName,
    model: version.model,
    version: version.version,
    learner: learner.name,
    engine: learner.engine,
    task: data.target.task,
    metrics: version.metrics,
    threshold: fitted.threshold,
    candidate: { path, sha256, content_sha256, bytes },
    rows: {
      train: data.parts.train.length,
      test: data.parts.test.length,
      without_target: data.target.missingRows,
    },
    features: data.features,
    past: [...(data.roles.past ?? [])],
    left_out: data.leftOut,
    notes: [...notesOn(data, holdout), ...balanceNote(data, fitted), ...watchNote(data, fitted, steps)],
    duration_ms: Math.round(performance.now() - started),
  };
}

/** What a person should know of the data before trusting the figures. */
function notesOn({ leftOut, parts, target, notes: made }: PreparedData, { twins }: Holdout): string[] {
  const notes = [...made];
  const left = leftOut.filter(({ name }) => name !== target.name);
  if (left.length > 0)
    notes.push(`Left out: ${left.map(({ name, reason }) => `${name} (${reason})`).join('; ')}.`);
  if (target.missingRows > 0)
    notes.push(
      `${target.missingRows} rows have no ${target.name}: they are neither learned from nor judged on.`,
    );
  if (twins > 0)
    notes.push(
      `${twins} of ${parts.test.length} held-out rows stand, target and all, among the training rows too.`,
    );
  return notes;
}

/** How many rows of each class a fit saw. */
function balanceNote({ target }: PreparedData, { balanced }: Trained['fitted']): string[] {
  if (balanced === null) return [];
  const { before, after } = balanced;
  const counts = (target.classes ?? []).map(
    (name, i) => `${JSON.stringify(name)} ${before[i]} -> ${after[i]}`,
  );
  return [`Evened out among the training rows alone: ${counts.join(', ')}.`];
}

/** Fewer rows than this say little of when a model is at its best. */
const FEWEST_WATCHED = 30;

/** Whether early stopping had rows enough to go by. */
function watchNote(
  { parts }: PreparedData,
  { watched }: Trained['fitted'],
  { done, of }: Trained['steps'],
): string[] {
  if (watched === null || watched >= FEWEST_WATCHED) return [];
  const rows = watched === 1 ? 'row' : 'rows';
  const all = of > 0 && done === of ? ` It did not end the training: all ${of} steps were done.` : '';
  return [
    `Warning: early stopping watched only ${watched} ${rows} of the ${parts.train.length} training rows, too few to tell when to stop.${all}`,
  ];
}
