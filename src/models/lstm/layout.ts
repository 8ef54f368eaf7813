import { layerInputs, type NetShape } from './shape.js';

/** Where everything of one layer lies in the kernels' memory, as offsets in floats. */
export interface LayerPlace {
  /** Features of a row that the layer is fed; behind them stands a 1, the factor of the bias. */
  inputs: number;
  /** Rows of the weights' panels: inputs, the bias, the units. */
  depth: number;
  /** depth x gates, a panel matrix. */
  weights: number;
  /** Rows of inputs + 1, not in panels. */
  input: number;
  /** Gates, then the gradient of their sums: rows x gates, a panel matrix. */
  gates: number;
  /** Cells and their tanh, 4 units a row, of each time step. */
  cells: number;
  squashed: number;
  /** What the layer gives, and its gradient: rows x units, panel matrices. */
  out: number;
  outGradient: number;
}

/** Where everything lies. Rows are time steps x batch: row `step * batch + i` is row i of the batch at that step. */
export interface Layout {
  /** Units rounded up to whole panels; those beyond `hidden` have no weights and stay 0. */
  units: number;
  /** Columns of the gates: 4 x units. */
  gates: number;
  layers: LayerPlace[];
  /** units x outputs by output, then a bias for each. */
  head: number;
  /** All weights lie from here, `parameterCount` floats, a multiple of 8; the other three lie alike. */
  parameters: number;
  parameterCount: number;
  gradients: number;
  firstMoments: number;
  secondMoments: number;
  /** A transposed weight matrix, the gradient of the cells, and cells of 0, of which a series begins. */
  turned: number;
  cellGradient: number;
  emptyCells: number;
  /** Floats in all. */
  size: number;
}

export interface Room {
  /** Most rows of a batch. */
  batch: number;
  /** Time steps. */
  window: number;
  /** With room for gradients, or only to predict. */
  training: boolean;
}

const roundUp = (count: number, to: number) => Math.ceil(count / to) * to;

/** A layer's units rounded up to whole panels. */
export const paddedUnits = ({ hidden }: NetShape) => roundUp(hidden, 8);

/** Lays out a net of this shape. */
export function layOut(shape: NetShape, { batch, window, training }: Room): Layout {
  const units = paddedUnits(shape);
  const gates = 4 * units;
  const rows = batch * window;
  let size = 0;
  // Each part begins on a cache line of its own.
  const take = (count: number) => {
    const offset = size;
    size += roundUp(count, 16);
    return offset;
  };
  const parameters = size;
  const weights = Array.from({ length: shape.layers }, (_, layer) => {
    const inputs = layer === 0 ? layerInputs(shape, layer) : units;
    const depth = inputs + 1 + units;
    return { inputs, depth, weights: take(depth * gates) };
  });
  const head = take(shape.outputs * (units + 1));
  const parameterCount = size - parameters;
  const layers = weights.map((place) => ({
    ...place,
    input: take(rows * (place.inputs + 1)),
    gates: take(rows * gates),
    cells: take(rows * units),
    squashed: take(rows * units),
    out: take(rows * units),
    outGradient: training ? take(rows * units) : 0,
  }));
  const emptyCells = take(batch * units);
  const ifTraining = (count: number) => (training ? take(count) : 0);
  return {
    units,
    gates,
    layers,
    head,
    parameters,
    parameterCount,
    gradients: ifTraining(parameterCount),
    firstMoments: ifTraining(parameterCount),
    secondMoments: ifTraining(parameterCount),
    turned: ifTraining(units * gates),
    cellGradient: ifTraining(batch * units),
    emptyCells,
    size,
  };
}
