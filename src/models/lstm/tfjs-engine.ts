import type { Tensor, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import type { LstmJob } from './job.js';
import { paddedUnits } from './layout.js';
import type { Tfjs } from './load-tfjs.js';
import type { Batch, LearningStep, NetEngine } from './net-engine.js';
import type { LayerWeights, LstmWeights, NetShape } from './shape.js';

type Layer = ReturnType<Tfjs['layers']['layers']['dense']>;

/** The windows of a batch: batch x window x features. A series that is shorter begins with its first row, again and again. */
function windowsOf(
  { core }: Tfjs,
  { rows, picks, from, to }: Batch,
  inputs: number,
  window: number,
): Tensor3D {
  const values = new Float32Array((to - from) * window * inputs);
  for (let i = from; i < to; i++) {
    let row = picks[i];
    for (let step = window - 1; step >= 0; step--) {
      values.set(rows.x.subarray(row * inputs, (row + 1) * inputs), ((i - from) * window + step) * inputs);
      if (rows.previous[row] >= 0) row = rows.previous[row];
    }
  }
  return core.tensor3d(values, [to - from, window, inputs]);
}

/** A mask in our panels as batch x steps x hidden, or batch x hidden for the last layer. */
function maskOf({ core }: Tfjs, shape: NetShape, mask: Float32Array, batch: number, steps: number): Tensor {
  const { hidden } = shape;
  const units = paddedUnits(shape);
  const values = new Float32Array(batch * steps * hidden);
  const isLast = steps === 1;
  for (let i = 0, at = 0; i < batch; i++) {
    for (let step = 0; step < steps; step++) {
      for (let unit = 0; unit < hidden; unit++, at++) {
        const row = step * batch + i;
        values[at] = mask[isLast ? i * units + unit : (unit >> 3) * steps * batch * 8 + row * 8 + (unit & 7)];
      }
    }
  }
  return core.tensor(values, isLast ? [batch, hidden] : [batch, steps, hidden]);
}

function layersOf(
  { core, layers }: Tfjs,
  shape: NetShape,
  weights: LstmWeights,
): { cells: Layer[]; head: Layer } {
  const { hidden, outputs } = shape;
  const cells = weights.layers.map(({ kernel, recurrent, bias }, number) => {
    const inputs = kernel.length / (4 * hidden);
    const layer = layers.layers.lstm({
      units: hidden,
      // Its default is a straight line with corners.
      recurrentActivation: 'sigmoid',
      returnSequences: number + 1 < shape.layers,
      kernelInitializer: 'zeros',
      recurrentInitializer: 'zeros',
    });
    // A layer makes its weights when it is first applied.
    layer.apply(core.zeros([1, 1, inputs]));
    layer.setWeights([
      core.tensor2d(kernel, [inputs, 4 * hidden]),
      core.tensor2d(recurrent, [hidden, 4 * hidden]),
      core.tensor1d(bias),
    ]);
    return layer as unknown as Layer;
  });
  const head = layers.layers.dense({ units: outputs, kernelInitializer: 'zeros' });
  head.apply(core.zeros([1, hidden]));
  head.setWeights([core.tensor2d(weights.head, [hidden, outputs]), core.tensor1d(weights.headBias)]);
  return { cells, head };
}

/**
 * The net in TensorFlow.js, its own layers and its own Adam, with the weights of ours: the gates of both are in the order input,
 * forget, candidate, output.
 */
export function openTfjsEngine(tfjs: Tfjs, job: LstmJob, first: LstmWeights): NetEngine {
  const { core } = tfjs;
  const { shape, options } = job;
  const { window, clip, weightDecay, optimiser } = options;
  const { cells, head } = layersOf(tfjs, shape, first);
  const variables = [...cells, head].flatMap((layer) =>
    layer.trainableWeights.map((weight) => (weight as unknown as { val: Variable }).val),
  );
  const adam = core.train.adam(options.learningRate, 0.9, 0.999, 1e-8);

  /** What the net answers to windows, batch x outputs. */
  function run(x: Tensor3D, masks: LearningStep['masks']): Tensor2D {
    let at: Tensor = x;
    for (const [layer, cell] of cells.entries()) {
      at = cell.apply(at) as Tensor;
      const mask = masks?.[layer];
      const steps = layer + 1 < cells.length ? window : 1;
      if (mask) at = core.mul(at, maskOf(tfjs, shape, mask, x.shape[0], steps));
    }
    return head.apply(at) as Tensor2D;
  }

  /** Decay and clipping as in `optimiser.ts`; TensorFlow.js has neither. */
  function step(gradients: Record<string, Tensor>, rate: number): number {
    const squares = Object.values(gradients).map((gradient) => core.sum(core.square(gradient)).dataSync()[0]);
    const length = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    const scale = clip !== null && length > clip ? clip / length : 1;
    const changed: Record<string, Tensor> = {};
    for (const variable of variables) {
      const gradient = core.mul(gradients[variable.name], scale);
      changed[variable.name] =
        optimiser === 'adam' ? core.add(gradient, core.mul(variable, weightDecay)) : gradient;
      if (optimiser === 'adamw') variable.assign(core.mul(variable, 1 - rate * weightDecay));
    }
    (adam as unknown as { learningRate: number }).learningRate = rate;
    adam.applyGradients(changed as Record<string, Variable>);
    return length;
  }

  return {
    answer: (batch, answers) =>
      core.tidy(() => answers.set(run(windowsOf(tfjs, batch, shape.inputs, window), null).dataSync())),
    learn: (batch, { answers, slopes, score, masks, rate }) =>
      core.tidy(() => {
        const x = windowsOf(tfjs, batch, shape.inputs, window);
        const { grads } = core.variableGrads(() => {
          const answered = run(x, masks);
          answers.set(answered.dataSync());
          score();
          // Its gradient is that of the loss: the slopes are constants here.
          return core.sum(core.mul(answered, core.tensor2d(Float32Array.from(slopes), answered.shape)));
        }, variables);
        return step(grads, rate);
      }),
    weights: () => {
      const own = (layer: Layer) => layer.getWeights().map((tensor) => Float32Array.from(tensor.dataSync()));
      const [headKernel, headBias] = own(head);
      return {
        layers: cells.map((cell): LayerWeights => {
          const [kernel, recurrent, bias] = own(cell);
          return { kernel, recurrent, bias };
        }),
        head: headKernel,
        headBias,
      };
    },
  };
}
