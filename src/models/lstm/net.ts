import { type LstmKernels, openKernels } from './kernels.js';
import { type Layout, layOut, type Room } from './layout.js';
import { placeWeights } from './placed-weights.js';
import type { LstmWeights, NetShape } from './shape.js';

/** A net in the kernels' memory. */
export interface Net {
  shape: NetShape;
  room: Room;
  layout: Layout;
  kernels: LstmKernels;
}

/** A net with these weights, and with room for what `room` says. */
export function openNet(shape: NetShape, weights: LstmWeights, room: Room, mode: 'wasm' | 'js'): Net {
  const layout = layOut(shape, room);
  const kernels = openKernels(layout.size, mode);
  placeWeights(kernels.memory, layout, shape, weights);
  return { shape, room, layout, kernels };
}
