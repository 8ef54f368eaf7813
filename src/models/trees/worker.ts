/** The entry of a training thread: grows the trees of one job, then ends. What it throws reaches `runJob` as an error event. */
import { parentPort, workerData } from 'node:worker_threads';
import { boost } from './boost.js';
import type { ForestPart } from './forest-builder.js';
import type { BoostingJob, RandomForestJob, TrainingJob, TrainingMessage } from './job.js';
import { growForestPart } from './random-thread.js';

function post(message: TrainingMessage): void {
  parentPort?.postMessage(message);
}

/** Trees are told of together, as often as an eye follows: a message costs as much as many a tree. */
const TELL_MS = 40;

let told = performance.now();
let untold: Record<string, number>[] = [];

function tellTree(metrics: Record<string, number>): void {
  untold.push(metrics);
  if (performance.now() - told >= TELL_MS) tellAll();
}

function tellAll(): void {
  if (untold.length > 0) post({ type: 'trees', metrics: untold });
  untold = [];
  told = performance.now();
}

function finish(part: ForestPart, facts?: Record<string, unknown>): void {
  tellAll();
  post({ type: 'done', part, facts });
}

function runBoosting({ options, watched, module, ...prepared }: BoostingJob): void {
  const { forest, bases, bestRound } = boost(prepared, options, watched, module, tellTree);
  const part = { numbers: Array.from(forest.roots.keys()), forest };
  const base = bases.length === 1 ? bases[0] : bases;
  finish(part, { base, ...(watched === null ? {} : { best_step: bestRound }) });
}

function runRandomForest(job: RandomForestJob): void {
  finish(growForestPart(job, () => tellTree({})));
}

const job = workerData as TrainingJob;
if (job.kind === 'gradient-boosting') runBoosting(job);
else runRandomForest(job);
