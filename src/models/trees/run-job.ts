import type { FitContext } from '../learner.js';
import { runTrainingThreads } from '../training-thread.js';
import type { Forest } from './forest.js';
import { joinForests } from './forest-builder.js';
import type { TrainingJob, TrainingMessage } from './job.js';

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
  const of = job.options.trees;
  let step = 0;
  const take = (message: TrainingMessage) => {
    if (message.type === 'done') return message;
    // Trees are told of together: an abort may come from the first of them.
    for (const metrics of message.metrics) if (!signal?.aborted) onStep?.({ step: ++step, of, metrics });
    return undefined;
  };
  const parts = await runTrainingThreads({ name: 'train-trees', job, threads }, take, signal);
  return { forest: joinForests(parts.map(({ part }) => part)), facts: parts[0].facts ?? {} };
}
