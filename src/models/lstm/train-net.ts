import { RiskopsError } from '../../errors.js';
import { seededRandom, shuffledIndices } from '../../util/random.js';
import { openDropout } from './dropout.js';
import type { LstmJob, TargetRows } from './job.js';
import { type Loss, lossFor } from './losses.js';
import type { Batch, NetEngine } from './net-engine.js';
import { Progress } from './progress.js';
import { initialWeights, type LstmWeights } from './shape.js';

/** Each draws from a stream of its own, so that one does not shift the others. */
const STREAMS = { weights: 0, order: 1, dropout: 2 };

/** A batch's answers, and the loss's derivatives by them. */
interface Answers {
  answers: Float64Array;
  slopes: Float64Array;
}

type TargetBatch = Batch & { rows: TargetRows };

const weightOf = ({ weights }: TargetRows, row: number) => (weights === null ? 1 : weights[row]);

/** The rows that count; those of weight 0 are only the history of others. */
const learnedRows = (rows: TargetRows): Int32Array =>
  new Int32Array(rows.rowCount).map((_, row) => row).filter((row) => weightOf(rows, row) > 0);

/** The loss of a batch's rows, each times its weight, summed; their slopes are multiplied by the weight and by `share`. */
function batchLoss(
  loss: Loss,
  { answers, slopes }: Answers,
  { rows, picks, from, to }: TargetBatch,
  share: number,
): number {
  const outputs = answers.length / (to - from);
  let sum = 0;
  for (let i = from; i < to; i++) {
    const row = picks[i];
    const weight = weightOf(rows, row);
    const at = (i - from) * outputs;
    sum += weight * loss(answers, slopes, at, rows.y[row]);
    for (let k = at; k < at + outputs; k++) slopes[k] *= weight * share;
  }
  return sum;
}

/** All the rows in batches, in the order of `picks`. */
function* batchesOf(rows: TargetRows, picks: Int32Array, size: number): Generator<TargetBatch> {
  for (let from = 0; from < picks.length; from += size) {
    yield { rows, picks, from, to: Math.min(from + size, picks.length) };
  }
}

function diverged(epoch: number): RiskopsError {
  return new RiskopsError('TRAINING_FAILED', {
    what: `The loss of the LSTM is no longer a number in epoch ${epoch}.`,
    why: 'Its steps were too long, or a target is too far from the others.',
    fix: '--set learning_rate=0.0003, and --set clip=1',
    details: { epoch },
  });
}

/** What a training run keeps from epoch to epoch. */
interface Run {
  job: LstmJob;
  engine: NetEngine;
  loss: Loss;
  /** Room for the answers of a batch of `size` rows. */
  roomFor(size: number): Answers;
}

/** The mean loss of rows that are not learned from. */
function openWatch({ job, engine, loss, roomFor }: Run, rows: TargetRows): () => number {
  const picks = learnedRows(rows);
  const total = picks.reduce((sum, row) => sum + weightOf(rows, row), 0);
  return () => {
    let sum = 0;
    for (const batch of batchesOf(rows, picks, job.options.batch)) {
      const room = roomFor(batch.to - batch.from);
      engine.answer(batch, room.answers);
      sum += batchLoss(loss, room, batch, 1);
    }
    return sum / total;
  };
}

/** One pass over the training rows: a step a batch. Gives the mean loss as it was learned. */
function openEpoch({ job, engine, loss, roomFor }: Run): (epoch: number, rate: number) => number {
  const { rows, options, seed, shape } = job;
  const { window, batch: size } = options;
  const order = seededRandom(seed, STREAMS.order);
  const random = seededRandom(seed, STREAMS.dropout);
  const dropout = openDropout(shape, { rate: options.dropout, window, batch: size }, random);
  const picks = learnedRows(rows);
  const total = picks.reduce((sum, row) => sum + weightOf(rows, row), 0);
  return (epoch, rate) => {
    let sum = 0;
    const shuffled = shuffledIndices(picks.length, order).map((at) => picks[at]);
    for (const batch of batchesOf(rows, shuffled, size)) {
      const count = batch.to - batch.from;
      const room = roomFor(count);
      // By the mean weight of all rows, not of the batch: a batch of heavy rows is to move more than one of light rows.
      const share = picks.length / (count * total);
      const score = () => {
        sum += batchLoss(loss, room, batch, share);
      };
      const length = engine.learn(batch, { ...room, score, masks: dropout?.(count) ?? null, rate });
      if (!Number.isFinite(length) || !Number.isFinite(sum)) throw diverged(epoch);
    }
    return sum / total;
  };
}

/**
 * Trains a net. Where there are validation rows, the weights are those of the epoch with the least validation loss, whenever
 * training ends. With our own engine the same job gives the same bytes, with either kind of kernels.
 * @param open makes the engine, with the weights to begin with and the most rows of a batch
 * @param onEpoch the mean loss over the epoch's batches as they were learned, and after it that of the validation rows
 * @throws TRAINING_FAILED when the loss is no longer a number
 */
export function trainNet(
  job: LstmJob,
  open: (job: LstmJob, weights: LstmWeights, batch: number) => NetEngine,
  onEpoch: (metrics: Record<string, number>) => void,
): LstmWeights {
  const { shape, options, task, validation } = job;
  const first = initialWeights(shape, seededRandom(job.seed, STREAMS.weights));
  const most = new Float64Array(options.batch * shape.outputs);
  const slopes = most.slice();
  const run: Run = {
    job,
    engine: open(job, first, options.batch),
    loss: lossFor(task, shape.outputs, options.loss, options.delta),
    roomFor: (size) => ({
      answers: most.subarray(0, size * shape.outputs),
      slopes: slopes.subarray(0, size * shape.outputs),
    }),
  };
  const runEpoch = openEpoch(run);
  const watch = validation === null ? null : openWatch(run, validation);
  const progress = new Progress(options);
  let best = first;
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const mean = runEpoch(epoch, progress.rate);
    const watched = watch?.();
    if (watched !== undefined && !Number.isFinite(watched)) throw diverged(epoch);
    onEpoch(watched === undefined ? { loss: mean } : { loss: mean, validation_loss: watched });
    const { isBest, isOver } = progress.note(watched ?? mean);
    if (watch === null) continue;
    if (isBest) best = run.engine.weights();
    if (isOver) return best;
  }
  return watch === null ? run.engine.weights() : best;
}
