/** The entry of a training thread: grows the trees of each job that it is sent. What it throws reaches `runJob` as an error event. */
import { parentPort } from 'node:worker_threads';
import { boost } from './boost.js';
import type { ForestPart } from './forest-builder.js';
import {
  arraysOf,
  type BoostingJob,
  type RandomForestJob,
  type TrainingJob,
  type TrainingMessage,
} from './job.js';
import { growForestPart } from './random-thread.js';

function post(message: TrainingMessage, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, handedOver);
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
  const buffers = arraysOf(part).map(({ buffer }) => buffer as ArrayBuffer);
  post({ type: 'done', part, facts }, buffers);
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

parentPort?.on('message', (job: TrainingJob) => {
  told = performance.now();
  if (job.kind === 'gradient-boosting') runBoosting(job);
  else runRandomForest(job);
});
