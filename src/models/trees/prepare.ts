import { RiskopsError } from '../../errors.js';
import type { Task, TrainingData } from '../learner.js';
import { type BinnedColumns, binColumns } from './bins.js';

/** A node keeps its feature's number in 16 bits. */
const MOST_FEATURES = 32_767;

function checkFeatures({ x, names }: TrainingData): void {
  if (names.length > MOST_FEATURES) {
    throw new RiskopsError('TRAINING_FAILED', {
      what: `Trees take at most ${MOST_FEATURES} features, and there are ${names.length}.`,
      why: 'One-hot encoding makes a feature of every category.',
      fix: 'leave out columns of many categories, such as ids and free text',
      details: { features: names.length, most: MOST_FEATURES },
    });
  }
  for (let i = 0; i < x.length; i++) {
    if (x[i] !== Number.POSITIVE_INFINITY && x[i] !== Number.NEGATIVE_INFINITY) continue;
    const feature = names[i % names.length];
    const row = Math.floor(i / names.length);
    throw new RiskopsError('TRAINING_FAILED', {
      what: `The feature "${feature}" is infinite in training row ${row + 1}.`,
      why: 'A tree cuts between finite numbers; a value that is not known may be missing.',
      fix: 'make the value missing, or a number',
      details: { feature, row },
    });
  }
}

/** What training threads work on, in memory that they share. */
export interface PreparedData {
  task: Task;
  columns: BinnedColumns;
  y: Float64Array;
}

/**
 * Checks the features and cuts them into bins, on this thread, with turns for the event loop in between.
 * @throws TRAINING_FAILED for too many features or an infinite one, or the signal's reason when it is aborted
 */
export async function prepareData(
  data: TrainingData,
  task: Task,
  signal?: AbortSignal,
): Promise<PreparedData> {
  signal?.throwIfAborted();
  checkFeatures(data);
  const columns = await binColumns(data.x, data.rowCount, data.names.length, signal);
  const y = new Float64Array(new SharedArrayBuffer(data.rowCount * 8));
  y.set(data.y);
  return { task, columns, y };
}
