import { naiveBaselines } from '../evaluation/baselines.js';
import { type Predictor, readModelFile } from '../models/model-file.js';
import { judge } from '../registry/gate.js';
import type { GateReport } from '../registry/gate-report.js';
import { type Policy, parsePolicy } from '../registry/policy.js';
import { schemaDifferences } from '../registry/schema-differences.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { addArtifact } from '../tracking/artifacts.js';
import { toPrettyJson } from '../util/json.js';
import { type Holdout, type HoldoutFacts, rebuildHoldout } from './holdout.js';
import { findRival, scoreOn } from './rival.js';

export interface JudgedVersion {
  version: VersionRecord;
  report: GateReport;
  /** Of the report as it is kept with the candidate's run. */
  reportSha256: string;
  /** The version it was judged against; promotion holds only while it is still current. */
  expectedCurrent: number | null;
}

export interface JudgeOptions {
  /** The project's folder, where the data is looked for. */
  root: string;
  /** As in the config; what it leaves out is the default's. */
  policy?: Record<string, unknown>;
}

/**
 * Judges a version on the rows it was held out from, read again: the current model is re-scored on them, the naive baselines stand
 * beside it. The report is kept as an artifact of the candidate's run.
 */
export async function judgeVersion(
  store: Store,
  version: VersionRecord,
  { root, policy }: JudgeOptions,
): Promise<JudgedVersion> {
  const predictor = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
  const { task, provenance } = predictor.header;
  const holdout = await rebuildHoldout(store, version, provenance['holdout'] as HoldoutFacts, root);
  return judgeOn(store, { version, predictor, holdout, policy: parsePolicy(policy ?? {}, task) });
}

interface JudgeInput {
  version: VersionRecord;
  predictor: Predictor;
  holdout: Holdout;
  policy: Policy;
}

export async function judgeOn(
  store: Store,
  { version, predictor, holdout, policy }: JudgeInput,
): Promise<JudgedVersion> {
  const { task, signature } = predictor.header;
  const rival = await findRival(store, version.model, holdout, signature.target);
  const report = judge(policy, {
    model: version.model,
    task,
    target: holdout.y,
    candidate: { ...scoreOn(predictor, version.version, holdout), learner: version.learner },
    ...rival,
    baselines: naiveBaselines(task, {
      trainingTarget: holdout.trainingTarget,
      holdoutTarget: holdout.y,
      inTimeOrder: holdout.inTimeOrder,
    }),
    schema: rival.signature
      ? schemaDifferences(rival.signature, signature)
      : { compatible: true, differences: [] },
    holdout: { ...holdout.facts },
    twins: holdout.twins,
    scale: holdout.inTimeOrder ? { trainingTarget: holdout.trainingTarget } : undefined,
  });
  const judgedAt = new Date().toISOString();
  const document = {
    ...report,
    run_id: version.run_id,
    candidate_sha256: version.sha256,
    judged_at: judgedAt,
  };
  const path = `gate/${judgedAt.replaceAll(/[:.]/g, '')}.json`;
  const kept = await addArtifact(store, version.run_id, path, `${toPrettyJson(document)}\n`, 'gate-report');
  return { version, report, reportSha256: kept.sha256, expectedCurrent: report.current?.version ?? null };
}
