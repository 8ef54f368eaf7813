import type { ModelShape, SavedModel, Task, Tensor } from '../learner.js';
import { checkTensorNames, finiteTensorOf, modelFileFault } from '../saved-model.js';
import { type LayerWeights, type LstmWeights, type NetShape, weightSizes } from './shape.js';

/** A fitted LSTM: what its model file holds. */
export interface LstmModel {
  shape: NetShape;
  window: number;
  /** What a regression's target was scaled by; 0 and 1 for classes. */
  target: { mean: number; sd: number };
  weights: LstmWeights;
}

/** The most that any of the sizes may be: what a file asks for is allocated. */
export const MOST = { hidden: 1024, layers: 2, window: 1000 };

const PARTS = ['kernel', 'recurrent', 'bias'] as const;

const tensor = (shape: number[], data: Float32Array): Tensor => ({ type: 'F32', shape, data });

/** The model as facts and tensors; the tensors are named and laid out as Keras names and lays out its own. */
export function saveLstm({ shape, window, target, weights }: LstmModel): SavedModel {
  const tensors: SavedModel['tensors'] = {
    head: tensor([shape.hidden, shape.outputs], weights.head),
    head_bias: tensor([1, shape.outputs], weights.headBias),
  };
  for (const [layer, own] of weights.layers.entries()) {
    const sizes = weightSizes(shape, layer);
    for (const part of PARTS) tensors[`${part}_${layer}`] = tensor(sizes[part], own[part]);
  }
  const { hidden, layers } = shape;
  return { facts: { hidden, layers, window, mean: target.mean, sd: target.sd }, tensors };
}

function sizeOf(facts: SavedModel['facts'], name: keyof typeof MOST): number {
  const value = facts[name];
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST[name])
    return value as number;
  throw modelFileFault(`"${name}" is not a whole number from 1 to ${MOST[name]}`);
}

function scaleOf({ mean, sd }: SavedModel['facts']): LstmModel['target'] {
  if (typeof mean !== 'number' || !Number.isFinite(mean))
    throw modelFileFault('"mean" is not a finite number');
  if (typeof sd !== 'number' || !(sd > 0 && sd < Number.POSITIVE_INFINITY))
    throw modelFileFault('"sd" is not a number above 0');
  return { mean, sd };
}

/**
 * The model in a file, every shape and number checked.
 * @throws MODEL_FILE_INVALID naming the first fault
 */
export function loadLstm(saved: SavedModel, task: Task, { featureCount, classCount }: ModelShape): LstmModel {
  const shape: NetShape = {
    inputs: featureCount,
    hidden: sizeOf(saved.facts, 'hidden'),
    layers: sizeOf(saved.facts, 'layers'),
    outputs: task === 'multiclass' ? classCount : 1,
  };
  const names = ['head', 'head_bias'];
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const sizes = weightSizes(shape, layer);
    const own = PARTS.map((part) => {
      names.push(`${part}_${layer}`);
      return [part, finiteTensorOf(saved, `${part}_${layer}`, 'F32', sizes[part])];
    });
    return Object.fromEntries(own) as unknown as LayerWeights;
  });
  const weights = {
    layers,
    head: finiteTensorOf(saved, 'head', 'F32', [shape.hidden, shape.outputs]),
    headBias: finiteTensorOf(saved, 'head_bias', 'F32', [1, shape.outputs]),
  };
  checkTensorNames(saved, names);
  return { shape, window: sizeOf(saved.facts, 'window'), target: scaleOf(saved.facts), weights };
}
