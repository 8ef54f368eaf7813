import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { RiskopsError } from '../../errors.js';
import { workerUrl } from '../../util/package.js';
import type { FitContext } from '../learner.js';
import type { Forest } from './forest.js';
import { type ForestPart, joinForests } from './forest-builder.js';
import type { TrainingJob, TrainingMessage } from './job.js';

interface ThreadResult {
  part: ForestPart;
  facts?: Record<string, unknown>;
}

function trainingFailed(why: string, cause?: unknown): RiskopsError {
  return new RiskopsError('TRAINING_FAILED', { what: 'A training thread failed.', why, cause });
}

/** The built file that training threads run. */
function workerFile(): URL {
  const url = workerUrl('train-trees');
  if (existsSync(fileURLToPath(url))) return url;
  throw new RiskopsError('TRAINING_FAILED', {
    what: 'Training threads cannot start: dist/workers/train-trees.js is missing.',
    why: 'This copy of riskops is not built, or its dist folder is incomplete.',
    fix: 'npm run build',
  });
}

/** Resolves with what the thread grew; rejects when it fails, ends early, or `onTree` throws. */
function resultOf(worker: Worker, onTree: (metrics: Record<string, number>) => void): Promise<ThreadResult> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: TrainingMessage) => {
      try {
        if (message.type === 'trees') message.metrics.forEach(onTree);
        else resolve(message);
      } catch (error) {
        reject(error);
      }
    });
    worker.on('messageerror', (error) => reject(trainingFailed('Its answer could not be read.', error)));
    worker.on('error', (error) => reject(trainingFailed(error.message, error)));
    worker.on('exit', (code) => reject(trainingFailed(`It ended early, with exit code ${code}.`)));
  });
}

/** Rejects with the signal's reason once it is aborted; `stop` ends the waiting. */
function abortion(signal: AbortSignal | undefined): { aborted: Promise<never>; stop: () => void } {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    if (signal === undefined) return;
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => signal.removeEventListener('abort', onAbort);
  });
  return { aborted, stop };
}

/**
 * Runs the job on `threads` threads that share its memory, and joins what they grew: the trees in the order of their
 * numbers, whichever thread grew them; `facts` are the first thread's. Its threads have ended when this returns or throws.
 * @throws TRAINING_FAILED when a thread fails, or the signal's reason when it is aborted
 */
export async function runJob(
  job: TrainingJob,
  threads: number,
  { onStep, signal }: Pick<FitContext, 'onStep' | 'signal'>,
): Promise<{ forest: Forest; facts: Record<string, unknown> }> {
  signal?.throwIfAborted();
  const url = workerFile();
  const of = job.options.trees;
  let step = 0;
  let isOver = false;
  const onTree = (metrics: Record<string, number>) => {
    if (!isOver && !signal?.aborted) onStep?.({ step: ++step, of, metrics });
  };
  const { aborted, stop } = abortion(signal);
  const workers: Worker[] = [];
  try {
    for (let i = 0; i < threads; i++) workers.push(new Worker(url, { workerData: job, execArgv: [] }));
    const results = await Promise.race([
      Promise.all(workers.map((worker) => resultOf(worker, onTree))),
      aborted,
    ]);
    return { forest: joinForests(results.map(({ part }) => part)), facts: results[0].facts ?? {} };
  } finally {
    isOver = true;
    stop();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
