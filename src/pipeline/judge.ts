import { RiskopsError } from '../errors.js';
import { naiveBaselines } from '../evaluation/baselines.js';
import { quantileOf } from '../models/hyper.js';
import { readModelFile } from '../models/model-file.js';
import type { Predictor } from '../models/predictor.js';
import { judge } from '../registry/gate.js';
import type { GateReport } from '../registry/gate-report.js';
import { type HoldoutUse, readLedger, recordUse } from '../registry/holdout-ledger.js';
import type { Policy } from '../registry/policy.js';
import { schemaDifferences } from '../registry/schema-differences.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { addArtifact } from '../tracking/artifacts.js';
import { sha256 } from '../util/files.js';
import { toPrettyJson } from '../util/json.js';
import { type Holdout, type HoldoutFacts, isOneSeries, rebuildHoldout } from './holdout.js';
import { checkPolicyOn, policyFor } from './policy-in-force.js';
import { findRival, scoreOn } from './rival.js';

export interface JudgedVersion {
  version: VersionRecord;
  report: GateReport;
  /** Of the report as it is kept with the candidate's run; null when nothing was recorded. */
  reportSha256: string | null;
  /** The version it was judged against; promotion holds only while it is still current. */
  expectedCurrent: number | null;
}

export interface JudgeOptions {
  /** The project's folder, where the data is looked for. */
  root: string;
  /** As in the config; what it leaves out is the default's. */
  policy?: Record<string, unknown>;
  /** Keys that win over the policy for this one judgement; the report names them. */
  overrides?: Partial<Policy>;
  /**
   * false: nothing is written, neither the report nor the use of the holdout, so a store that was opened to read will
   * do; what was judged so cannot be promoted. true when left out.
   */
  record?: boolean;
}

/**
 * Judges a version on the rows it was held out from, read again: the current model is re-scored on them, the naive
 * baselines stand beside it. The report is kept as an artifact of the candidate's run, and the holdout's ledger counts it.
 * @throws POLICY_INVALID, OPTION_INVALID for a metric that these rows cannot have, HOLDOUT_UNAVAILABLE, MODEL_FILE_INVALID, MODEL_FILE_NOT_FOUND
 */
export async function judgeVersion(
  store: Store,
  version: VersionRecord,
  { root, policy, overrides, record }: JudgeOptions,
): Promise<JudgedVersion> {
  const predictor = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
  const { provenance } = predictor.header;
  const { task, learner } = predictor.header;
  const inForce = policyFor(task, learner.hyper, { ...policy, ...overrides });
  const facts = provenance['holdout'] as HoldoutFacts | undefined;
  if (facts === undefined)
    throw new RiskopsError('HOLDOUT_UNAVAILABLE', {
      what: `Nothing can judge ${version.model} version ${version.version}: it was imported without rows.`,
      why: 'A model of another program is judged on labelled rows that it did not learn from.',
      fix: 'riskops models import FILE ... --data LABELLED.csv',
    });
  const holdout = await rebuildHoldout(store, version, facts, root);
  return judgeOn(store, { version, predictor, holdout, policy: inForce, overrides, record });
}

interface JudgeInput extends Pick<JudgeOptions, 'overrides' | 'record'> {
  version: VersionRecord;
  predictor: Predictor;
  holdout: Holdout;
  policy: Policy;
}

export async function judgeOn(store: Store, input: JudgeInput): Promise<JudgedVersion> {
  const { version, overrides = {}, record = true } = input;
  const judgedAt = new Date().toISOString();
  const found = await compare(store, input, judgedAt);
  const report = Object.keys(overrides).length === 0 ? found : { ...found, overrides };
  const holdoutSha256 = input.holdout.facts.sha256;
  const reportSha256 = record ? await keepReport(store, { version, holdoutSha256, report, judgedAt }) : null;
  return { version, report, reportSha256, expectedCurrent: report.current?.version ?? null };
}

async function compare(
  store: Store,
  { version, predictor, holdout, policy }: JudgeInput,
  judgedAt: string,
): Promise<GateReport> {
  const { task, signature, learner } = predictor.header;
  checkPolicyOn(policy, task, holdout.y, holdout.rows);
  const quantile = quantileOf(learner.hyper);
  const rival = await findRival(store, version.model, holdout, signature.target);
  return judge(policy, {
    model: version.model,
    task,
    target: holdout.y,
    candidate: { ...scoreOn(predictor, version.version, holdout), learner: version.learner },
    ...rival,
    baselines: naiveBaselines(task, {
      trainingTarget: holdout.trainingTarget,
      holdoutTarget: holdout.y,
      inTimeOrder: holdout.inTimeOrder,
      series: holdout.series ?? undefined,
      season: holdout.season,
      horizon: holdout.ahead,
      classCount: signature.target.classes?.length,
      quantile,
    }),
    schema: rival.signature
      ? schemaDifferences(rival.signature, signature)
      : { compatible: true, differences: [] },
    holdout: { ...holdout.facts },
    twins: holdout.twins,
    times: holdout.times ?? undefined,
    ledger: await readLedger(store, holdout.facts.sha256, version, judgedAt),
    scale: { quantile, ...(isOneSeries(holdout) ? { trainingTarget: holdout.trainingTarget } : {}) },
  });
}

/** The report first, then its line in the ledger: nobody is told a verdict that is not counted. */
export async function keepReport(
  store: Store,
  { version, holdoutSha256, report, judgedAt }: Omit<HoldoutUse, 'reportSha256'>,
): Promise<string> {
  const { run_id, sha256: candidate_sha256 } = version;
  const text = `${toPrettyJson({ ...report, run_id, candidate_sha256, judged_at: judgedAt })}\n`;
  // Two judgements may fall on one millisecond.
  const path = `gate/${judgedAt.replaceAll(/[:.]/g, '')}-${sha256(text).slice(0, 8)}.json`;
  const kept = await addArtifact(store, run_id, path, text, 'gate-report');
  await recordUse(store, { holdoutSha256, version, report, reportSha256: kept.sha256, judgedAt });
  return kept.sha256;
}
