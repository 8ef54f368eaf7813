import { naiveBaselines } from '../evaluation/baselines.js';
import { quantileOf } from '../models/hyper.js';
import { readModelFile } from '../models/model-file.js';
import type { Predictor } from '../models/predictor.js';
import { judge } from '../registry/gate.js';
import type { LearnedPair } from '../registry/gate-evidence.js';
import { readLedger } from '../registry/holdout-ledger.js';
import { schemaDifferences } from '../registry/schema-differences.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { sha256 } from '../util/files.js';
import { type JudgedVersion, type JudgeOptions, keepReport } from './judge.js';
import { checkPolicyOn, policyFor } from './policy-in-force.js';

/** Rows of live traffic that two versions answered, and whose outcome is known. */
export interface LiveRows {
  /** As the gate's evidence has them. */
  target: Float64Array;
  current: Float64Array;
  candidate: Float64Array;
  /** When each was answered, to the second, in milliseconds since 1970. */
  times: Float64Array;
  /** How many of them the two versions learned from. */
  learned: LearnedPair;
  /** The ids of the answers that were given. */
  ids: readonly string[];
  /** Where the rows come from: `evidence` its name, `evidence_text` a clause for people, and facts for the report. */
  facts: { evidence: string; evidence_text: string; [fact: string]: unknown };
}

/**
 * Judges a version on live rows instead of its holdout, by the same policy. The naive baselines are constants of these very rows: the best
 * that a constant can do on them. The rows are in time order, so neighbours are drawn together. Too few rows leave it undecided, and so do
 * rows that a version learned from.
 * The report is kept as those of `judgeVersion` are.
 * @param current the version that answered; it must be the current one when the verdict is used
 * @throws POLICY_INVALID, OPTION_INVALID for a metric that these rows cannot have, MODEL_FILE_INVALID, MODEL_FILE_NOT_FOUND
 */
export async function judgeLive(
  store: Store,
  { version, current }: { version: VersionRecord; current: VersionRecord },
  live: LiveRows,
  { policy: given }: Pick<JudgeOptions, 'policy'>,
): Promise<JudgedVersion> {
  const read = ({ path, sha256: hash }: VersionRecord): Promise<Predictor> =>
    readModelFile(store.blobs.path(path), { sha256: hash });
  const [candidate, rival] = await Promise.all([read(version), read(current)]);
  const { task, learner, signature, threshold } = candidate.header;
  const policy = policyFor(task, learner.hyper, given ?? {});
  const { target, times, learned, facts } = live;
  checkPolicyOn(
    policy,
    task,
    target,
    new Int32Array(target.length).map((_, row) => row),
  );
  const quantile = quantileOf(learner.hyper);
  const holdoutSha256 = sha256(`${live.ids.join('\n')}\n${sha256(new Uint8Array(target.buffer))}`);
  const judgedAt = new Date().toISOString();
  const report = judge(policy, {
    ...{ model: version.model, task, target, live: true, times, learned, scale: { quantile } },
    candidate: {
      version: version.version,
      predictions: live.candidate,
      threshold,
      learner: version.learner,
    },
    current: {
      version: current.version,
      predictions: live.current,
      threshold: rival.header.threshold,
    },
    baselines: naiveBaselines(task, {
      ...{ trainingTarget: target, holdoutTarget: target, quantile },
      classCount: signature.target.classes?.length,
    }),
    schema: schemaDifferences(rival.header.signature, signature),
    holdout: { ...facts, rows: target.length, sha256: holdoutSha256 },
    ledger: await readLedger(store, holdoutSha256, version, judgedAt),
  });
  const reportSha256 = await keepReport(store, { version, holdoutSha256, report, judgedAt });
  return { version, report, reportSha256, expectedCurrent: current.version };
}
