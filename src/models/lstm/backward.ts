import { lastOut, type Mask } from './forward.js';
import type { Net } from './net.js';

/** The gradient of the head's weights, and of what the last layer gives at the last step. */
function headBackward(net: Net, batch: number, slopes: Float64Array, mask: Mask): void {
  const {
    layout,
    shape: { outputs },
    kernels: { memory },
  } = net;
  const { units, head, gradients } = layout;
  const { at, panel } = lastOut(net, batch);
  const top = layout.layers[layout.layers.length - 1];
  const shift = top.outGradient - top.out;
  const headGradient = gradients + head - layout.parameters;
  memory.fill(0, headGradient, headGradient + outputs * (units + 1));
  for (let row = 0; row < batch; row++) {
    for (let unit = 0; unit < units; unit++) {
      const place = at + (unit >> 3) * panel + row * 8 + (unit & 7);
      const share = mask === null ? 1 : mask[row * units + unit];
      let sum = 0;
      for (let output = 0; output < outputs; output++) {
        const slope = slopes[row * outputs + output];
        sum += slope * memory[head + output * units + unit];
        memory[headGradient + output * units + unit] += slope * memory[place] * share;
      }
      memory[place + shift] = sum * share;
    }
    for (let output = 0; output < outputs; output++) {
      memory[headGradient + outputs * units + output] += slopes[row * outputs + output];
    }
  }
}

/** Back through the time steps of a layer: its gates become the gradient of their sums. */
function throughTime({ kernels, layout, room: { window } }: Net, layer: number, batch: number): void {
  const { units, gates, turned, cellGradient, emptyCells } = layout;
  const place = layout.layers[layer];
  const panel = window * batch * 8;
  // The last layer's earlier steps have no gradient but that of the step after them; the others' have it from above.
  const options = { adds: layer + 1 < layout.layers.length };
  const recurrent = { at: place.weights + (place.inputs + 1) * 8, panel: place.depth * 8 };
  kernels.transpose({ ...recurrent, rows: units, columns: gates }, { at: turned, panel: gates * 8 });
  kernels.memory.fill(0, cellGradient, cellGradient + batch * units);
  for (let step = window - 1; step >= 0; step--) {
    const at = step * batch * 8;
    const cell = step * batch * units;
    kernels.stepBackward({
      gates: { at: place.gates + at, panel },
      cells: step === 0 ? emptyCells : place.cells + cell - batch * units,
      squashed: place.squashed + cell,
      outGradient: { at: place.outGradient + at, panel },
      cellGradient,
      rows: batch,
      units,
    });
    if (step === 0) break;
    kernels.multiply(
      { at: place.gates + at, row: 8, step: 1, inner: 8, blocks: gates / 8, block: panel },
      { at: turned, panel: gates * 8 },
      { at: place.outGradient + at - batch * 8, panel, rows: batch, columns: units },
      options,
    );
  }
}

/** The gradient of a layer's weights: two products over all time steps. */
function weightGradient({ kernels, layout, room: { window } }: Net, layer: number, batch: number): void {
  const { units, gates } = layout;
  const place = layout.layers[layer];
  const rows = window * batch;
  const panel = rows * 8;
  const width = place.inputs + 1;
  const at = layout.gradients + place.weights - layout.parameters;
  const to = { panel: place.depth * 8, columns: gates };
  kernels.multiply(
    { at: place.input, row: 1, step: width, inner: rows, blocks: 1, block: 0 },
    { at: place.gates, panel },
    { ...to, at, rows: width },
  );
  // What step t gave is what step t + 1 was fed; a window of one step has no such pair, and its product is 0.
  for (let strip = 0; strip < units / 8; strip++) {
    kernels.multiply(
      { at: place.out + strip * panel, row: 1, step: 8, inner: rows - batch, blocks: 1, block: 0 },
      { at: place.gates + batch * 8, panel },
      { ...to, at: at + (width + strip * 8) * 8, rows: 8 },
    );
  }
}

/** The gradient of what the layer below gives. */
function inputGradient({ kernels, layout, room: { window } }: Net, layer: number, batch: number, mask: Mask) {
  const { units, gates, turned } = layout;
  const place = layout.layers[layer];
  const { outGradient } = layout.layers[layer - 1];
  const rows = window * batch;
  const weights = { at: place.weights, panel: place.depth * 8 };
  kernels.transpose({ ...weights, rows: units, columns: gates }, { at: turned, panel: gates * 8 });
  kernels.multiply(
    { at: place.gates, row: 8, step: 1, inner: 8, blocks: gates / 8, block: rows * 8 },
    { at: turned, panel: gates * 8 },
    { at: outGradient, panel: rows * 8, rows, columns: units },
  );
  if (mask === null) return;
  for (let i = 0; i < rows * units; i++) kernels.memory[outGradient + i] *= mask[i];
}

/**
 * After `forward` of the same batch: the gradient of every weight, from `slopes`, the loss's derivative by each answer
 * (batch x outputs). It overwrites the gates.
 */
export function backward(
  net: Net,
  batch: number,
  slopes: Float64Array,
  masks: readonly Mask[] | null = null,
): void {
  const last = net.layout.layers.length - 1;
  headBackward(net, batch, slopes, masks?.[last] ?? null);
  for (let layer = last; layer >= 0; layer--) {
    throughTime(net, layer, batch);
    weightGradient(net, layer, batch);
    if (layer > 0) inputGradient(net, layer, batch, masks?.[layer - 1] ?? null);
  }
}
