import type { Net } from './net.js';

/** Scales what a layer gives on its way up: 0 where a unit is dropped; see `dropout.ts`. One factor an element of its panels. */
export type Mask = Float32Array | null;

/** The gates' sums of all time steps in one product, then step by step what the layer's own past adds, and the cells. */
function runLayer({ kernels, layout, room: { window } }: Net, layer: number, batch: number): void {
  const { gates, units, emptyCells } = layout;
  const place = layout.layers[layer];
  const rows = window * batch;
  const width = place.inputs + 1;
  const panel = rows * 8;
  const weightPanel = place.depth * 8;
  kernels.multiply(
    { at: place.input, row: width, step: 1, inner: width, blocks: 1, block: 0 },
    { at: place.weights, panel: weightPanel },
    { at: place.gates, panel, rows, columns: gates },
  );
  for (let step = 0; step < window; step++) {
    const at = step * batch * 8;
    const cellsAfter = place.cells + step * batch * units;
    if (step > 0) {
      kernels.multiply(
        { at: place.out + at - batch * 8, row: 8, step: 1, inner: 8, blocks: units / 8, block: panel },
        { at: place.weights + width * 8, panel: weightPanel },
        { at: place.gates + at, panel, rows: batch, columns: gates },
        { adds: true },
      );
    }
    kernels.stepForward({
      gates: { at: place.gates + at, panel },
      cells: step === 0 ? emptyCells : cellsAfter - batch * units,
      cellsAfter,
      squashed: place.squashed + step * batch * units,
      out: { at: place.out + at, panel },
      rows: batch,
      units,
    });
  }
}

/** Feeds what a layer gives, scaled by `mask`, to the layer above it. */
function feedLayer({ kernels: { memory }, layout, room }: Net, layer: number, batch: number, mask: Mask) {
  const { out } = layout.layers[layer];
  const { input, inputs } = layout.layers[layer + 1];
  const rows = room.window * batch;
  for (let unit = 0; unit < inputs; unit++) {
    const column = (unit >> 3) * rows * 8 + (unit & 7);
    for (let row = 0; row < rows; row++) {
      const at = column + row * 8;
      const value = memory[out + at];
      memory[input + row * (inputs + 1) + unit] = mask === null ? value : value * mask[at];
    }
  }
  for (let row = 0; row < rows; row++) memory[input + row * (inputs + 1) + inputs] = 1;
}

/** Of each of the batch's rows and each unit what the last layer gives at the last step, as the head sees it. */
export function lastOut({ layout, room }: Net, batch: number): { at: number; panel: number } {
  return {
    at: layout.layers[layout.layers.length - 1].out + (room.window - 1) * batch * 8,
    panel: room.window * batch * 8,
  };
}

/**
 * Runs a batch whose windows lie in the first layer's input, and writes the head's answers to `answers`, batch x outputs.
 * `masks` has one for each layer; the last layer's covers its last step alone.
 */
export function forward(
  net: Net,
  batch: number,
  answers: Float64Array,
  masks: readonly Mask[] | null = null,
): void {
  const {
    layout,
    shape: { layers, outputs },
    kernels: { memory },
  } = net;
  for (let layer = 0; layer < layers; layer++) {
    runLayer(net, layer, batch);
    if (layer + 1 < layers) feedLayer(net, layer, batch, masks?.[layer] ?? null);
  }
  const { at, panel } = lastOut(net, batch);
  const mask = masks?.[layers - 1] ?? null;
  const bias = layout.head + outputs * layout.units;
  for (let row = 0; row < batch; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = memory[bias + output];
      const weights = layout.head + output * layout.units;
      for (let unit = 0; unit < layout.units; unit++) {
        const value = memory[at + (unit >> 3) * panel + row * 8 + (unit & 7)];
        sum += memory[weights + unit] * (mask === null ? value : value * mask[row * layout.units + unit]);
      }
      answers[row * outputs + output] = sum;
    }
  }
}
