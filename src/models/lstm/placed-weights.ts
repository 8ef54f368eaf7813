import type { Layout } from './layout.js';
import { type LstmWeights, type NetShape, weightSizes } from './shape.js';

/** Of gate column `gate * hidden + unit` its offset in a row of panels that lie `panel` apart: 4 units' four gates together. */
function columnOffset(gate: number, unit: number, panel: number): number {
  const column = (unit >> 2) * 16 + gate * 4 + (unit & 3);
  return (column >> 3) * panel + (column & 7);
}

/** Calls `use` with the place of each weight in memory and in its own array. */
function forEachWeight(
  layout: Layout,
  shape: NetShape,
  weights: LstmWeights,
  use: (place: number, own: Float32Array, index: number) => void,
): void {
  const { hidden, outputs } = shape;
  for (const [layer, { inputs, depth, weights: start }] of layout.layers.entries()) {
    const firstRow = { kernel: 0, bias: inputs, recurrent: inputs + 1 };
    for (const part of ['kernel', 'bias', 'recurrent'] as const) {
      const [rows, columns] = weightSizes(shape, layer)[part];
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const offset = columnOffset(Math.floor(column / hidden), column % hidden, depth * 8);
          use(
            start + (firstRow[part] + row) * 8 + offset,
            weights.layers[layer][part],
            row * columns + column,
          );
        }
      }
    }
  }
  const bias = layout.head + outputs * layout.units;
  for (let output = 0; output < outputs; output++) {
    for (let unit = 0; unit < hidden; unit++) {
      use(layout.head + output * layout.units + unit, weights.head, unit * outputs + output);
    }
    use(bias + output, weights.headBias, output);
  }
}

/** Writes the weights to where the kernels want them. */
export function placeWeights(
  memory: Float32Array,
  layout: Layout,
  shape: NetShape,
  weights: LstmWeights,
): void {
  forEachWeight(layout, shape, weights, (place, own, index) => {
    memory[place] = own[index];
  });
}

/** Reads the weights, or what lies like them from `from` on, such as their gradients. */
export function readWeights(
  memory: Float32Array,
  layout: Layout,
  shape: NetShape,
  from = layout.parameters,
): LstmWeights {
  const weights: LstmWeights = {
    layers: layout.layers.map((_, layer) => {
      const sizes = weightSizes(shape, layer);
      const room = ([rows, columns]: [number, number]) => new Float32Array(rows * columns);
      return { kernel: room(sizes.kernel), recurrent: room(sizes.recurrent), bias: room(sizes.bias) };
    }),
    head: new Float32Array(shape.hidden * shape.outputs),
    headBias: new Float32Array(shape.outputs),
  };
  const shift = from - layout.parameters;
  forEachWeight(layout, shape, weights, (place, own, index) => {
    own[index] = memory[place + shift];
  });
  return weights;
}
