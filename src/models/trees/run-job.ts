import type { FitContext } from '../learner.js';
import { runTrainingThreads } from '../training-thread.js';
import type { Forest } from './forest.js';
import { type ForestPart, joinForests } from './forest-builder.js';
import { arraysOf, type TrainingJob, type TrainingMessage } from './job.js';

/** What the job and its answers took, of a thread's memory too; without a kernel's memory that is not known. */
const bytesOf =
  ({ memory }: TrainingJob) =>
  (answers: { part: ForestPart }[]) =>
    (memory?.buffer.byteLength ?? Number.POSITIVE_INFINITY) +
    answers.flatMap(({ part }) => arraysOf(part)).reduce((sum, { byteLength }) => sum + byteLength, 0);

/**
 * Runs the job on `threads` threads that share its memory, and joins what they grew: the trees in the order of their
 * numbers, whichever thread grew them; `facts` are the first thread's.
 * @throws TRAINING_FAILED when a thread fails, or the signal's reason when it is aborted
 */
export async function runJob(
  job: TrainingJob,
  threads: number,
  { onStep, signal }: Pick<FitContext, 'onStep' | 'signal'>,
): Promise<{ forest: Forest; facts: Record<string, unknown> }> {
  const of = job.options.trees;
  let step = 0;
  const take = (message: TrainingMessage) => {
    if (message.type === 'done') return message;
    // Trees are told of together: an abort may come from the first of them.
    for (const metrics of message.metrics) if (!signal?.aborted) onStep?.({ step: ++step, of, metrics });
    return undefined;
  };
  const parts = await runTrainingThreads(
    { name: 'train-trees', job, threads, bytesOf: bytesOf(job) },
    take,
    signal,
  );
  return { forest: joinForests(parts.map(({ part }) => part)), facts: parts[0].facts ?? {} };
}
