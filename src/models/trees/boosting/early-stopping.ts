import type { Forest } from '../forest.js';
import type { Loss, Targets } from './loss.js';

/** Rows that are watched, in shared memory. */
export interface WatchedRows extends Targets {
  /** Row-major, as the training rows were before they were cut into bins. */
  x: Float64Array;
}

/** Whether a value goes left at a node: see Forest. */
function goesLeft(forest: Forest, node: number, cell: number): boolean {
  const feature = forest.feature[node];
  const isCategory = forest.categories[feature] > 0;
  if (isCategory ? !(cell >= 0 && cell < forest.categories[feature]) : Number.isNaN(cell))
    return forest.missingLeft[node] === 1;
  if (!isCategory) return cell <= forest.threshold[node];
  return ((forest.sets[forest.set[node] + (cell >> 5)] >>> (cell & 31)) & 1) === 1;
}

/** Follows the loss on watched rows from round to round, and tells when it has not become less for `patience` rounds. */
export class EarlyStopping {
  /** The round of the least loss so far, from 1. */
  bestRound = 0;
  private least = Number.POSITIVE_INFINITY;
  private readonly sums: Float64Array[];

  constructor(
    private readonly watched: WatchedRows,
    private readonly loss: Loss,
    private readonly patience: number,
  ) {
    this.sums = loss.bases.map((base) => new Float64Array(watched.y.length).fill(base));
  }

  /** Adds a tree, whose root is given, to the sums of its output. */
  addTree(forest: Forest, root: number, output: number): void {
    const { x, y } = this.watched;
    const { featureCount, feature, left, value } = forest;
    for (let row = 0; row < y.length; row++) {
      let node = root;
      while (feature[node] >= 0)
        node = left[node] + (goesLeft(forest, node, x[row * featureCount + feature[node]]) ? 0 : 1);
      this.sums[output][row] += value[node];
    }
  }

  /** The mean loss after a round; takes note of whether it is the best. */
  measure(round: number): number {
    const loss = this.loss.meanOf(this.watched, this.sums);
    if (this.bestRound === 0 || loss < this.least) {
      this.least = loss;
      this.bestRound = round;
    }
    return loss;
  }

  isOver(round: number): boolean {
    return round - this.bestRound >= this.patience;
  }
}
