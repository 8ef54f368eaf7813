import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { RiskopsError } from '../errors.js';
import { type workers, workerUrl } from '../util/package.js';
import { releaseThread, type TrainingThread, takeThread } from './idle-threads.js';

function trainingFailed(why: string, cause?: unknown): RiskopsError {
  return new RiskopsError('TRAINING_FAILED', { what: 'A training thread failed.', why, cause });
}

/** The built file that training threads run. */
function workerFile(name: (typeof workers)[number]): URL {
  const url = workerUrl(name);
  if (existsSync(fileURLToPath(url))) return url;
  throw new RiskopsError('TRAINING_FAILED', {
    what: `Training threads cannot start: dist/workers/${name}.js is missing.`,
    why: 'This copy of riskops is not built, or its dist folder is incomplete.',
    fix: 'npm run build',
  });
}

/** Resolves with the first answer that `take` makes of a message; rejects when the thread fails, ends early, or `take` throws. */
function answerOf<Message, Answer>(
  worker: Worker,
  take: (message: Message) => Answer | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: Message) => {
      try {
        const answer = take(message);
        if (answer !== undefined) resolve(answer);
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

/** A job, and the threads that are sent it. */
export interface ThreadedJob<Answer> {
  /** The worker that does it, built to `dist/workers/<name>.js`. It says nothing more once it has answered. */
  name: (typeof workers)[number];
  job: unknown;
  threads: number;
  /** The bytes that the job took of a thread, where the threads may do another job after it; else they end. */
  bytesOf?: (answers: Answer[]) => number;
}

/**
 * Runs a job on `threads` threads that are given the same data, until `onMessage` has made an answer of a message of each; it may also
 * throw. After an abort or a fault no message is handed on, and the threads have ended when this throws. When it returns they hold
 * nothing of the job: they have ended, or wait a short time for the next job, without keeping the process alive.
 * @returns an answer a thread
 * @throws TRAINING_FAILED when a thread fails, or the signal's reason when it is aborted
 */
export async function runTrainingThreads<Message, Answer>(
  { name, job, threads, bytesOf }: ThreadedJob<Answer>,
  onMessage: (message: Message) => Answer | undefined,
  signal?: AbortSignal,
): Promise<Answer[]> {
  signal?.throwIfAborted();
  const url = workerFile(name);
  const { aborted, stop } = abortion(signal);
  const running: TrainingThread[] = [];
  let isOver = false;
  let bytes = Number.POSITIVE_INFINITY;
  const take = (message: Message) => (isOver ? undefined : onMessage(message));
  try {
    for (let i = 0; i < threads; i++) running.push(takeThread(url));
    for (const { worker } of running) worker.postMessage(job);
    const answering = running.map(({ worker }) => answerOf(worker, take));
    const answers = await Promise.race([Promise.all(answering), aborted]);
    if (bytesOf !== undefined) bytes = bytesOf(answers);
    return answers;
  } finally {
    isOver = true;
    stop();
    await Promise.all(running.map((thread) => releaseThread(thread, bytes)));
  }
}
