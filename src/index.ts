/**
 * riskops as a library: the functions that the commands call. Every one takes plain values and an open store, and
 * throws a `RiskopsError` with a code of the catalogue.
 */

export { runDoctor } from './checks/doctor/doctor.js';
export { runEndToEnd } from './checks/e2e.js';
export { runSmoke } from './checks/smoke.js';
export { type Config, defineConfig, type ModelConfig, openProject, type Project } from './config.js';
export { readTable } from './datasets/read-csv.js';
export type { Signature } from './datasets/signature.js';
export { catalogue, type ErrorCode, RiskopsError } from './errors.js';
export { evaluate } from './evaluation/metrics.js';
export { learners } from './models/all.js';
export { type Predictor, readModelFile } from './models/model-file.js';
export { type InitOptions, initProject } from './pipeline/init-project.js';
export { judgeVersion as gate } from './pipeline/judge.js';
export { loadCurrent } from './pipeline/load-current.js';
export { promoteCandidate as promote } from './pipeline/promote-candidate.js';
export { scoreFile } from './pipeline/score-file.js';
export { judgeTraining, trainModel as train } from './pipeline/train.js';
export type { TrainPlan } from './pipeline/train-plan.js';
export { listHistory } from './registry/history.js';
export { getModel, listModels } from './registry/models.js';
export { rollback } from './registry/rollback.js';
export { findVersion, listVersions, type VersionRecord } from './registry/versions.js';
export { startServer } from './serving/server.js';
export { openStore } from './storage/open-store.js';
export type { OpenOptions, Store, StorePlaces } from './storage/store.js';
export { compareRuns } from './tracking/compare-runs.js';
export { getRun, latestRun, listRuns } from './tracking/read-runs.js';
export { type Run, startRun } from './tracking/runs.js';
