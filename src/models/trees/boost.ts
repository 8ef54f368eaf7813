import { EarlyStopping, type WatchedRows } from './boosting/early-stopping.js';
import { type Leaf, MIN_HESSIAN, TreeGrower, type TreeOptions } from './boosting/grow-tree.js';
import type { GrowthKernel } from './boosting/kernel.js';
import type { Loss, LossOptions } from './boosting/loss.js';
import { bestValue, clip } from './boosting/monotone.js';
import { openPlainKernel } from './boosting/plain-kernel.js';
import { drawFeatures, drawRows, usefulFeatures } from './boosting/sampling.js';
import { chooseUnits } from './boosting/units.js';
import { openWasmKernel } from './boosting/wasm-kernel.js';
import type { Forest } from './forest.js';
import { ForestBuilder } from './forest-builder.js';
import { openLoss } from './loss.js';
import type { PreparedData } from './prepare.js';
import { Space } from './space.js';

export interface BoostingOptions extends TreeOptions, LossOptions {
  /** The most rounds: one tree each, or one a class. */
  trees: number;
  learningRate: number;
  /** Of the rows that a round learns from, and of the features that a tree may ask for. */
  rowShare: number;
  columnShare: number;
  /** Rounds without a better loss on the watched rows after which growth ends; null to grow all trees. */
  earlyStopping: number | null;
  seed: number;
}

/** What boosting gives: the forest without its constants, the constants, and after how many rounds it is cut off. */
export interface Boosted {
  forest: Forest;
  bases: number[];
  bestRound: number;
}

/** A gain below this share of the squared gradients is rounding noise. */
const NOISE = 1e-12;

/** What the rounds of boosting work on. */
interface Workshop {
  data: PreparedData;
  options: BoostingOptions;
  kernel: GrowthKernel;
  builder: ForestBuilder;
  grower: TreeGrower;
  loss: Loss;
  gradient: Float64Array;
  hessian: Float64Array;
  /** An array an output: the sums of leaves so far. */
  sums: Float64Array[];
  features: Int32Array;
  drawn: Uint8Array | null;
}

function openWorkshop(
  data: PreparedData,
  options: BoostingOptions,
  module: WebAssembly.Module | null,
): Workshop {
  const { columns, y, weights, classCount, memory, task } = data;
  const { rowCount, featureCount, categories } = columns;
  const space = new Space(memory);
  const kernel =
    memory === null || module === null ? openPlainKernel(columns) : openWasmKernel(columns, space, module);
  const outputs = task === 'multiclass' ? classCount : 1;
  const builder = new ForestBuilder({ featureCount, categories, outputs, leafWidth: 1 });
  const [gradient, hessian] = [space.numbers(rowCount), space.numbers(rowCount)];
  const loss = openLoss(task, { y, weights, classCount, options, kernel, space, gradient, hessian });
  return {
    ...{ data, options, kernel, builder, loss, gradient, hessian },
    grower: new TreeGrower(columns, kernel, builder, options, space.ints(rowCount)),
    sums: loss.bases.map((base) => space.numbers(rowCount).fill(base)),
    features: usefulFeatures(columns),
    drawn: options.rowShare < 1 ? space.bytes(rowCount) : null,
  };
}

/** Rows that were not drawn count for nothing. */
function leaveOut({ drawn, gradient, hessian }: Workshop): void {
  if (drawn === null) return;
  for (let i = 0; i < drawn.length; i++) {
    if (drawn[i] === 1) continue;
    gradient[i] = 0;
    hessian[i] = 0;
  }
}

/** A leaf's value before the learning rate. */
function leafValue(shop: Workshop, { from, to, bounds }: Leaf, unit: number): number {
  const { kernel, loss, grower, options, gradient, hessian, drawn } = shop;
  const { rows } = grower;
  if (loss.refit !== undefined) return loss.refit({ rows, from, to, drawn });
  const sums = kernel.sumRows(gradient, hessian, rows, from, to);
  const held = Math.max(sums.hessian + options.l2, MIN_HESSIAN) - options.l2;
  const value = bestValue(sums.gradient, held, options.l1, options.l2);
  return clip(value, { low: bounds.low / unit, high: bounds.high / unit });
}

/** The weights of the rows of each node, from the leaves up: children come after their parents. */
function weighCovers(
  { data: { weights }, grower: { rows }, builder }: Workshop,
  root: number,
  leaves: Leaf[],
): void {
  if (weights === null) return;
  for (const { node, from, to } of leaves) {
    let cover = 0;
    for (let i = from; i < to; i++) cover += weights[rows[i]];
    builder.setCover(node, cover);
  }
  builder.sumCovers(root);
}

/** Grows the tree of an output on its present gradients, and adds its leaves to the sums. */
function addTree(shop: Workshop, tree: number, output: number): number {
  const { loss, kernel, grower, builder, options, gradient, hessian, data } = shop;
  loss.differentiate(output);
  leaveOut(shop);
  const greatest = loss.bounds ?? {
    gradient: kernel.greatest(gradient),
    hessian: kernel.greatest(hessian),
  };
  const units = chooseUnits(data.columns.rowCount, greatest);
  const { squares, ...totals } = kernel.quantise(gradient, hessian, shop.drawn, units);
  const minGain = (NOISE * squares) / (greatest.hessian * units.hessianScale);
  const features = drawFeatures(shop.features, options.columnShare, options.seed, tree);
  const leaves = grower.grow(features, totals, units, minGain);
  const root = builder.lastRoot();
  const sums = shop.sums[output];
  const values = leaves.map(
    (leaf) => options.learningRate * leafValue(shop, leaf, units.gradientScale / units.hessianScale),
  );
  for (const [i, { node, from, to }] of leaves.entries()) {
    builder.setValue(node, values[i]);
    kernel.addToRows(sums, grower.rows, from, to, values[i]);
  }
  weighCovers(shop, root, leaves);
  return root;
}

/**
 * Gradient boosting (Friedman 2001) with second-order leaf values (Chen & Guestrin 2016, eq. 5): each tree is fitted to the
 * gradients at the sum of those before it. `onRound` gets the mean training loss with the round's trees added, and that of the watched
 * rows, which end growth early when `earlyStopping` asks for it.
 * Base constants depend on `Math.log`, which ECMAScript leaves to the engine: the same V8 gives the same bytes.
 */
export function boost(
  data: PreparedData,
  options: BoostingOptions,
  watched: WatchedRows | null,
  module: WebAssembly.Module | null,
  onRound: (metrics: Record<string, number>) => void,
): Boosted {
  const shop = openWorkshop(data, options, module);
  const { loss, sums, builder } = shop;
  const outputs = sums.length;
  const stopping =
    watched === null || options.earlyStopping === null
      ? null
      : new EarlyStopping(watched, loss, options.earlyStopping);
  let rounds = 0;
  loss.begin(sums);
  while (rounds < options.trees && !stopping?.isOver(rounds)) {
    if (shop.drawn !== null) drawRows(shop.drawn, options.rowShare, options.seed, rounds);
    for (let output = 0; output < outputs; output++) {
      const root = addTree(shop, rounds * outputs + output, output);
      stopping?.addTree(builder.peek(), root, output);
    }
    rounds++;
    const metrics: Record<string, number> = { loss: loss.begin(sums) };
    if (stopping !== null) {
      metrics['validation_loss'] = stopping.measure(rounds);
      metrics['best_step'] = stopping.bestRound;
    }
    onRound(metrics);
  }
  const bestRound = stopping?.bestRound ?? rounds;
  return { forest: builder.finish(bestRound * outputs), bases: loss.bases, bestRound };
}
