import type { Random } from '../../util/random.js';

/** How large a net is. */
export interface NetShape {
  /** Features a row. */
  inputs: number;
  /** Units a layer. */
  hidden: number;
  layers: number;
  /** Numbers that the head gives: one, or one a class. */
  outputs: number;
}

/**
 * The weights of one layer as Keras and PyTorch know them: rows of 4 x hidden columns, the gates in the order input, forget,
 * candidate, output.
 */
export interface LayerWeights {
  /** inputs x 4 hidden. */
  kernel: Float32Array;
  /** hidden x 4 hidden. */
  recurrent: Float32Array;
  /** 4 hidden. */
  bias: Float32Array;
}

export interface LstmWeights {
  layers: LayerWeights[];
  /** hidden x outputs. */
  head: Float32Array;
  /** outputs. */
  headBias: Float32Array;
}

/** What layer `layer` is fed: the features, or the layer below. */
export const layerInputs = ({ inputs, hidden }: NetShape, layer: number) => (layer === 0 ? inputs : hidden);

/** How many numbers of each kind a net of this shape has. */
export function weightSizes(shape: NetShape, layer: number): Record<keyof LayerWeights, [number, number]> {
  const gates = 4 * shape.hidden;
  return {
    kernel: [layerInputs(shape, layer), gates],
    recurrent: [shape.hidden, gates],
    bias: [1, gates],
  };
}

/**
 * Weights to begin with, uniform: the inputs' by Glorot & Bengio (2010), a gate at a time; the recurrent ones of variance
 * 1 / hidden, so that a state neither dies out nor grows; the forget gates open, with bias 1 (Jozefowicz et al. 2015).
 */
export function initialWeights(shape: NetShape, random: Random): LstmWeights {
  const { hidden, layers, outputs } = shape;
  const draw = (count: number, limit: number) =>
    Float32Array.from({ length: count }, () => (2 * random() - 1) * limit);
  const layerWeights = (layer: number): LayerWeights => {
    const inputs = layerInputs(shape, layer);
    return {
      kernel: draw(inputs * 4 * hidden, Math.sqrt(6 / (inputs + hidden))),
      recurrent: draw(hidden * 4 * hidden, Math.sqrt(3 / hidden)),
      bias: new Float32Array(4 * hidden).fill(1, hidden, 2 * hidden),
    };
  };
  return {
    layers: Array.from({ length: layers }, (_, layer) => layerWeights(layer)),
    head: draw(hidden * outputs, Math.sqrt(6 / (hidden + outputs))),
    headBias: new Float32Array(outputs),
  };
}
