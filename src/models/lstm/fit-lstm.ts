import { RiskopsError } from '../../errors.js';
import type { FitContext, FittedModel, Hyper, Task, TrainingData } from '../learner.js';
import { runTrainingThreads } from '../training-thread.js';
import { fittedLstm } from './fitted-lstm.js';
import type { LstmJob, LstmMessage, LstmOptions } from './job.js';
import type { LossName } from './losses.js';
import { prepareRows, targetScale } from './prepare-rows.js';
import type { LstmWeights } from './shape.js';

function optionsOf(hyper: Hyper): LstmOptions {
  return {
    window: hyper['window'] as number,
    dropout: hyper['dropout'] as number,
    epochs: hyper['epochs'] as number,
    batch: hyper['batch'] as number,
    learningRate: hyper['learning_rate'] as number,
    optimiser: hyper['optimiser'] as LstmOptions['optimiser'],
    weightDecay: hyper['weight_decay'] as number,
    loss: hyper['loss'] as LossName,
    delta: hyper['delta'] as number,
    clip: hyper['clip'] as number | null,
    patience: hyper['early_stopping'] as number | null,
    plateauPatience: hyper['plateau_patience'] as number | null,
    plateauFactor: hyper['plateau_factor'] as number,
  };
}

/** Trains on a thread of its own, so that progress and Ctrl-C stay alive. */
async function runJob(job: LstmJob, { onStep, signal }: FitContext): Promise<LstmWeights> {
  let step = 0;
  const onMessage = (message: LstmMessage): LstmWeights | undefined => {
    if (message.type === 'done') return message.weights;
    if (message.type === 'failed') throw new RiskopsError('TRAINING_FAILED', message);
    onStep?.({ step: ++step, of: job.options.epochs, metrics: message.metrics });
    return undefined;
  };
  const [weights] = await runTrainingThreads({ name: 'train-lstm', job, threads: 1 }, onMessage, signal);
  return weights;
}

/**
 * Trains an LSTM with the engine that is asked for; our own kernels predict with what either has learned.
 * @throws TRAINING_FAILED for rows without an order, features that are not numbers, a loss that is no longer a number
 */
export async function fitLstm(
  engine: LstmJob['engine'],
  data: TrainingData,
  task: Task,
  hyper: Hyper,
  context: FitContext,
): Promise<FittedModel> {
  const target = targetScale(data, task);
  const shape = {
    inputs: data.names.length,
    hidden: hyper['hidden'] as number,
    layers: hyper['layers'] as number,
    outputs: task === 'multiclass' ? data.classCount : 1,
  };
  const options = optionsOf(hyper);
  const { kernels = 'wasm', seed } = context;
  const rows = prepareRows(data, data, target);
  const validation = data.validation === null ? null : prepareRows(data.validation, data, target);
  const job: LstmJob = { engine, task, shape, options, rows, validation, seed, kernels };
  const weights = await runJob(job, context);
  return fittedLstm({ shape, window: options.window, target, weights }, task, kernels);
}
