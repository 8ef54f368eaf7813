import { RiskopsError } from '../../errors.js';
import { kernelModule } from '../kernels.js';
import { type PlainKernels, plainKernels } from './plain-kernels.js';

/** The left factor of a product: its columns lie `step` apart, `inner` of them in each of `blocks` blocks, `block` apart. */
export interface LeftFactor {
  at: number;
  row: number;
  step: number;
  inner: number;
  blocks: number;
  block: number;
}

/** A panel matrix: strips of 8 columns, `panel` floats apart, each strip row by row. */
export interface Panels {
  at: number;
  panel: number;
}

/** One layer's gates, 4 units' input, forget, candidate and output gate in each two panels, and its cells, 4 units a row. */
interface StepPlaces {
  gates: Panels;
  /** The cells before the step. */
  cells: number;
  /** tanh of the cells after it. */
  squashed: number;
  rows: number;
  units: number;
}

/** The arithmetic of the net on one memory of float32. Offsets and strides count floats. */
export interface LstmKernels {
  memory: Float32Array;
  /** `to` = a x b, `rows` x `columns` (a multiple of 8), or to + a x b where `adds`. */
  multiply(
    a: LeftFactor,
    b: Panels,
    to: Panels & { rows: number; columns: number },
    options?: { adds: boolean },
  ): void;
  /** One time step of a layer: the gates' sums become the gates; cells, their tanh and what the layer gives are written. */
  stepForward(places: StepPlaces & { cellsAfter: number; out: Panels }): void;
  /** Its gradient: the gates become the gradient of their sums, `cellGradient` from that after the step to that before. */
  stepBackward(places: StepPlaces & { outGradient: Panels; cellGradient: number }): void;
  /** `to` = the transpose of `rows` x `columns`, both multiples of 8. */
  transpose(from: Panels & { rows: number; columns: number }, to: Panels): void;
  /** The sum of squares of `count` floats, a multiple of 8. */
  sumSquares(from: number, count: number): number;
  /** One step of Adam on `count` weights, a multiple of 8; see `optimiser.ts`. */
  adam(
    places: { weights: number; gradients: number; means: number; squares: number; count: number },
    step: AdamStep,
  ): void;
}

export interface AdamStep {
  /** What every gradient is multiplied with. */
  scale: number;
  /** What of each weight is added to its gradient. */
  decay: number;
  /** What of each weight is kept. */
  keep: number;
  /** How much the new gradient, and its square, count in their running means. */
  meanShare: number;
  squareShare: number;
  /** weight = keep weight - rate mean / (root sqrt(square) + epsilon). */
  rate: number;
  root: number;
  epsilon: number;
}

const PAGE_FLOATS = 65_536 / 4;
/** What a WebAssembly memory can hold. */
const MOST_FLOATS = 65_535 * PAGE_FLOATS;

function openWasm(floats: number): { memory: Float32Array; raw: PlainKernels } | null {
  const module = kernelModule('gemm');
  if (module === null) return null;
  const pages = Math.ceil(floats / PAGE_FLOATS);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory: new Float32Array(memory.buffer), raw: exports as unknown as PlainKernels };
}

function openPlain(floats: number): { memory: Float32Array; raw: PlainKernels } {
  const memory = new Float32Array(floats);
  return { memory, raw: plainKernels(memory) };
}

/**
 * Kernels with a memory of `floats` zeros: in WebAssembly where that is asked for and the machine can, else the plain twin.
 * @throws TRAINING_FAILED for more than 4 GB
 */
export function openKernels(floats: number, mode: 'wasm' | 'js'): LstmKernels {
  if (floats > MOST_FLOATS) {
    throw new RiskopsError('TRAINING_FAILED', {
      what: `The LSTM needs ${Math.ceil(floats / 2 ** 28)} GB for a batch of its windows, and can have 4.`,
      why: 'It keeps every gate of every row of a window for each row of the batch.',
      fix: 'a smaller batch, window or hidden',
    });
  }
  const { memory, raw } = (mode === 'wasm' ? openWasm(floats) : null) ?? openPlain(floats);
  return {
    memory,
    multiply: (a, b, to, { adds } = { adds: false }) =>
      raw.multiply(
        ...([a.at, a.row, a.step, a.inner, a.blocks, a.block, b.at, b.panel] as const),
        ...([to.at, to.panel, to.rows, to.columns / 8, adds ? 1 : 0] as const),
      ),
    stepForward: ({ gates, cells, squashed, cellsAfter, out, rows, units }) =>
      raw.stepForward(
        ...([
          gates.at,
          gates.panel,
          cells,
          cellsAfter,
          squashed,
          out.at,
          out.panel,
          rows,
          units / 4,
        ] as const),
      ),
    stepBackward: ({ gates, cells, squashed, outGradient: out, cellGradient, rows, units }) =>
      raw.stepBackward(
        ...([gates.at, gates.panel, cells, squashed, out.at, out.panel] as const),
        ...([cellGradient, rows, units / 4] as const),
      ),
    transpose: (from, to) => raw.transpose(from.at, from.panel, to.at, to.panel, from.rows, from.columns / 8),
    sumSquares: raw.sumSquares,
    adam: ({ weights, gradients, means, squares, count }, step) =>
      raw.adam(
        ...([weights, gradients, means, squares, count, step.scale, step.decay, step.keep] as const),
        ...([step.meanShare, step.squareShare, step.rate, step.root, step.epsilon] as const),
      ),
  };
}
