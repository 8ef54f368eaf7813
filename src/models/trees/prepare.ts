import { RiskopsError } from '../../errors.js';
import { kernelModule } from '../kernels.js';
import type { FitContext, Task, TrainingData } from '../learner.js';
import { type BinnedColumns, binColumns } from './bins.js';
import { openMemory, Space } from './space.js';

/** A node keeps its feature's number in 16 bits. */
const MOST_FEATURES = 32_767;

/** What training needs a row besides its bins, at most, and the most that a kernel's memory may hold. */
const ROW_BYTES = 128;
const MOST_BYTES = 4e9;

export function checkFeatures({ x, names }: TrainingData): void {
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
  weights: Float64Array | null;
  classCount: number;
  /** The memory that all of the above lies in, for the kernels; null where the plain twins do the work. */
  memory: WebAssembly.Memory | null;
}

/** The kernels' memory, where they are wanted, the machine has what they need and the data fits into 4 GB. */
function memoryFor(
  { rowCount, names }: TrainingData,
  kernels: FitContext['kernels'],
  workBytes: number,
): WebAssembly.Memory | null {
  const fits = rowCount * (names.length + ROW_BYTES) + workBytes < MOST_BYTES;
  if (kernels === 'js' || !fits || kernelModule('trees') === null) return null;
  try {
    return openMemory();
  } catch {
    // Its addresses are reserved at once, which a process with a limit on them may not be allowed.
    return null;
  }
}

/**
 * Checks the features and cuts them into bins, on this thread, with turns for the event loop in between.
 * `workBytes` is what training needs besides what rows need.
 * @throws TRAINING_FAILED for too many features or an infinite one, or the signal's reason when it is aborted
 */
export async function prepareData(
  data: TrainingData,
  task: Task,
  { signal, kernels }: Pick<FitContext, 'signal' | 'kernels'> = {},
  workBytes = 0,
): Promise<PreparedData> {
  signal?.throwIfAborted();
  checkFeatures(data);
  const memory = memoryFor(data, kernels, workBytes);
  const space = new Space(memory);
  const shared = (values: Float64Array) => {
    const copy = space.numbers(values.length);
    copy.set(values);
    return copy;
  };
  const { x, rowCount, categories, classCount } = data;
  const columns = await binColumns(
    { x, rowCount, featureCount: data.names.length, categories },
    space,
    signal,
  );
  const weights = data.weights === null ? null : shared(data.weights);
  return { task, columns, y: shared(data.y), weights, classCount, memory };
}
