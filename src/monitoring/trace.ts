import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import type { PromotionRow } from '../registry/audit.js';
import type { Store } from '../storage/store.js';
import { sha256 } from '../util/files.js';
import { toCanonicalJson } from '../util/json.js';
import { printable } from '../util/text.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { readPredictions } from './read-predictions.js';
import { type Replay, replayPrediction } from './replay.js';
import { type TracedAfter, traceAfter } from './trace-after.js';
import {
  type FileState,
  findGateReport,
  findPromotion,
  findTracedRun,
  findTracedVersion,
  stateOf,
  type TracedGate,
} from './trace-links.js';

export interface TraceOptions {
  /** The project's folder, where the data is looked for. */
  root: string;
  /** Compute the prediction again by the version that made it. */
  replay?: boolean;
  /** The fields of a model's rows that name the thing that outcomes are told about. */
  entity?: (model: string) => readonly string[];
}

/** An answer, and where it came from. A part is null when it is gone; `missing` says what and why. */
export interface Trace extends TracedAfter {
  prediction: LoggedPrediction & { /** Of the inputs as JSON with sorted keys. */ inputs_sha256: string };
  version: {
    model: string;
    version: number;
    learner: string;
    run_id: string;
    path: string;
    sha256: string;
    content_sha256: string;
    created_at: string;
    /** In the trash since. */
    deleted_at: string | null;
    file: FileState;
  } | null;
  run: {
    run_id: string;
    run_dir_name: string;
    created_at: string;
    status: string;
    deleted_at: string | null;
  } | null;
  data: { path: string; sha256: string; split: string; seed: string; file: FileState } | null;
  code: { commit: string | null; branch: string | null; dirty: boolean | null } | null;
  /** The promotion or rollback by which the version was current then. */
  promotion: PromotionRow | null;
  gate: TracedGate | null;
  missing: string[];
  notes: string[];
  /** Only when it was asked for. */
  replay: Replay | null;
}

/**
 * Follows an answer back: to the version, its run, data and commit, and to the promotion and the gate's report.
 * @param id the `prediction_id` of an answer
 * @throws OPTION_INVALID for what is no id, PREDICTION_NOT_FOUND
 */
export async function tracePrediction(store: Store, id: string, options: TraceOptions): Promise<Trace> {
  const prediction = await findLogged(store, id);
  const missing: string[] = [];
  const { version, found } = await traceVersion(store, prediction);
  if (version === null)
    missing.push(`version ${prediction.version} of ${prediction.model} is not on record any more`);
  else if (version.file !== 'whole')
    missing.push(
      `the model file ${version.path} is ${version.file === 'gone' ? 'gone' : 'not as it was recorded'}`,
    );
  const { run, data, code } = await traceRun(store, found?.run_id, options.root);
  if (found !== undefined && run === null) missing.push(`run ${found.run_id} is not on record any more`);
  if (run !== null && data === null) missing.push('the run did not record its data');
  const { promotion, notes } = await findPromotion(store, prediction);
  if (promotion === undefined) missing.push('no promotion of this version is on record');
  const judged = promotion && (await findGateReport(store, promotion));
  if (judged?.missing) missing.push(judged.missing);
  return {
    prediction: { ...prediction, inputs_sha256: sha256(toCanonicalJson(prediction.inputs)) },
    ...{ version, run, data, code },
    promotion: promotion ?? null,
    gate: judged?.gate ?? null,
    missing,
    notes: [...notes, ...ownNotes(prediction)],
    ...(await traceAfter(store, prediction, options.entity?.(prediction.model) ?? [])),
    replay: options.replay ? await replay(store, prediction, found) : null,
  };
}

/** What is unlike other predictions about this one. */
function ownNotes({ shadow_of, canary, redacted = [] }: LoggedPrediction): string[] {
  return [
    ...(shadow_of === undefined
      ? []
      : [
          `Nobody got this answer: the version answered beside the promoted one, to the row of ${shadow_of}.`,
        ]),
    ...(canary === true ? ['A version that was being tried answered: it got a share of the requests.'] : []),
    ...(redacted.length === 0
      ? []
      : [`The log does not keep the values of: ${printable(redacted.join(', '), 200)}.`]),
  ];
}

async function findLogged(store: Store, given: string): Promise<LoggedPrediction> {
  const id = given.trim();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `"${printable(given, 80)}" is not the id of a prediction.`,
      why: 'Every answer of the server has one, its prediction_id, such as 01981f6e-7a3b-7c11-9d5e-0123456789ab.',
    });
  }
  const [found] = /^.{14}7/.test(id) ? await readPredictions(store, { id }) : [];
  if (found !== undefined) return found;
  throw new RiskopsError('PREDICTION_NOT_FOUND', {
    what: `The prediction log has no ${id.toLowerCase()}.`,
    why: 'An answer may run ahead of the log by 100 ms; a server with the log off keeps none.',
    fix: `riskops trace ${id.toLowerCase()}, in a moment and in the project of the server that gave it`,
  });
}

type FoundVersion = NonNullable<Awaited<ReturnType<typeof findTracedVersion>>>;

async function traceVersion(store: Store, prediction: LoggedPrediction) {
  const found: FoundVersion | undefined = await findTracedVersion(store, prediction);
  if (found === undefined) return { version: null, found };
  const file = await stateOf(store.blobs.path(found.path), found.sha256);
  return { version: { ...found, file }, found };
}

async function traceRun(store: Store, runId: string | undefined, root: string) {
  const traced = runId === undefined ? undefined : await findTracedRun(store, runId);
  if (traced === undefined) return { run: null, data: null, code: null };
  const { run, params } = traced;
  const { data: path, data_sha256, split = '', seed = '' } = params;
  const known = path !== undefined && data_sha256 !== undefined;
  return {
    run: {
      run_id: run.run_id,
      run_dir_name: run.dir_name,
      created_at: run.created_at,
      status: run.status,
      deleted_at: run.deleted_at,
    },
    data: known
      ? { path, sha256: data_sha256, split, seed, file: await stateOf(resolve(root, path), data_sha256) }
      : null,
    code: {
      commit: run.git_commit,
      branch: run.git_branch,
      dirty: run.git_dirty === null ? null : run.git_dirty === 1,
    },
  };
}

async function replay(
  store: Store,
  prediction: LoggedPrediction,
  version: FoundVersion | undefined,
): Promise<Replay> {
  if (version !== undefined)
    return replayPrediction(prediction, store.blobs.path(version.path), version.sha256);
  const why = 'the version that made it is not on record any more';
  return { result: 'impossible', logged: prediction.prediction, recomputed: null, why };
}
