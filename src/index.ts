/**
 * riskops as a library: the functions that the commands call. Every one takes plain values and an open store, and
 * throws a `RiskopsError` with a code of the catalogue.
 */

export { runCi } from './checks/ci/ci.js';
export { runDoctor } from './checks/doctor/doctor.js';
export { runEndToEnd } from './checks/e2e.js';
export { hookState, installHook, uninstallHook } from './checks/hooks/pre-push.js';
export { runSmoke } from './checks/smoke.js';
export { type Config, defineConfig, type ModelConfig, openProject, type Project } from './config.js';
export { readTable } from './datasets/read-csv.js';
export type { Signature } from './datasets/signature.js';
export { catalogue, type ErrorCode, RiskopsError } from './errors.js';
export { evaluate } from './evaluation/metrics.js';
export { learners } from './models/all.js';
export { type Predictor, readModelFile } from './models/model-file.js';
export { type Trace, type TraceOptions, tracePrediction } from './monitoring/trace.js';
export { compareBy } from './pipeline/compare-groups.js';
export { compareScores } from './pipeline/compare-scores.js';
export { diffRuns } from './pipeline/diff-runs.js';
export { type InitOptions, initProject } from './pipeline/init-project.js';
export { judgeVersion as gate } from './pipeline/judge.js';
export { loadCurrent } from './pipeline/load-current.js';
export { promoteCandidate as promote } from './pipeline/promote-candidate.js';
export { type ReproduceOptions, type Reproduction, reproduceRun } from './pipeline/reproduce.js';
export { scoreFile } from './pipeline/score-file.js';
export { judgeTraining, trainModel as train } from './pipeline/train.js';
export type { TrainPlan } from './pipeline/train-plan.js';
export { getAlias, listAliases } from './registry/aliases.js';
export { approveVersion, listApprovals } from './registry/approvals.js';
export { deleteVersions, protectVersion, restoreVersions } from './registry/deletion.js';
export { collectGarbage } from './registry/garbage.js';
export { judge as judgeEvidence } from './registry/gate.js';
export type { Evidence } from './registry/gate-evidence.js';
export type { GateReport } from './registry/gate-report.js';
export { allCurrentAt, currentAt, listHistory } from './registry/history.js';
export { getModel, listModels } from './registry/models.js';
export { defaultPolicy, explainPolicy, type Policy, parsePolicy } from './registry/policy.js';
export { presets } from './registry/policy-presets.js';
export { retireModel as retire } from './registry/retire.js';
export { rollback } from './registry/rollback.js';
export { removeAlias, setAlias } from './registry/set-alias.js';
export { type AuditCheck, verifyAudit } from './registry/verify-audit.js';
export { findVersion, listVersions, type VersionRecord } from './registry/versions.js';
export { startServer } from './serving/server.js';
export { type StartProjectRunOptions as StartRunOptions, startRun } from './start-run.js';
export { openStore } from './storage/open-store.js';
export type { OpenOptions, Store, StorePlaces } from './storage/store.js';
export { addArtifact, addFolder } from './tracking/artifacts.js';
export { compareRuns } from './tracking/compare-runs.js';
export { deleteRuns, protectRuns, restoreRuns } from './tracking/deletion.js';
export { downloadArtifacts } from './tracking/download.js';
export { type LoggedValues, logToRun } from './tracking/log-to-run.js';
export { readArtifact } from './tracking/read-artifact.js';
export { getRun, latestRun, listRuns } from './tracking/read-runs.js';
export type { Run } from './tracking/runs.js';
export { queryStore } from './tracking/search/query-store.js';
export { type EndRunOptions, endRun } from './tracking/shell-run.js';
