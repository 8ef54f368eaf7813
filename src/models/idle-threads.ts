import { Worker } from 'node:worker_threads';

/** How long a thread waits for another job: the fits of one training, or of a search, follow each other closely. */
const IDLE_MS = 2000;

/** The most threads that wait. */
const MOST_IDLE = 8;

/**
 * A thread lets go of its job, but the memory is free only once its garbage is collected, and nobody can ask for that. So a
 * thread whose jobs took more than this, all together, does not wait: it ends.
 */
const MOST_BYTES = 2 ** 28;

/** A training thread: it does one job after another, each sent as a message. */
export interface TrainingThread {
  worker: Worker;
  href: string;
  /** What its jobs took so far. */
  bytes: number;
  /** While it waits: ends it. */
  timer?: NodeJS.Timeout;
}

/**
 * The threads of this process that wait for a job: what they run is loaded and compiled, which a new thread takes a tenth of a
 * second for. Nothing of a job is in here, so the next one comes out the same; and the process may end while they wait.
 */
const idle: TrainingThread[] = [];

function forget(thread: TrainingThread): void {
  const at = idle.indexOf(thread);
  if (at >= 0) idle.splice(at, 1);
  clearTimeout(thread.timer);
}

/** Nobody listens to the thread any more. */
function leave({ worker }: TrainingThread): void {
  for (const event of ['message', 'messageerror', 'error', 'exit']) worker.removeAllListeners(event);
}

/** A thread that runs this file: one that waits, or a new one. Its taker ends or releases it. */
export function takeThread(url: URL): TrainingThread {
  const waiting = idle.findLast(({ href }) => href === url.href);
  if (waiting === undefined) return { worker: new Worker(url, { execArgv: [] }), href: url.href, bytes: 0 };
  forget(waiting);
  leave(waiting);
  waiting.worker.ref();
  return waiting;
}

async function end(thread: TrainingThread): Promise<void> {
  forget(thread);
  await thread.worker.terminate();
}

/**
 * Lets a thread that has answered wait for its next job, a short time. Ends it where its jobs took much memory: always
 * for infinite `bytes`. Then it has ended when this resolves, and what it failed of meanwhile still reaches its listeners.
 */
export async function releaseThread(thread: TrainingThread, bytes: number): Promise<void> {
  thread.bytes += bytes;
  if (thread.bytes > MOST_BYTES || idle.length >= MOST_IDLE) return end(thread);
  leave(thread);
  for (const event of ['error', 'exit']) thread.worker.on(event, () => forget(thread));
  thread.timer = setTimeout(() => void end(thread), IDLE_MS).unref();
  thread.worker.unref();
  idle.push(thread);
}
