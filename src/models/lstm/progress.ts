import type { LstmOptions } from './job.js';

type Limits = Pick<LstmOptions, 'patience' | 'plateauPatience' | 'plateauFactor' | 'learningRate'>;

/** Where training stands: the least loss so far, how long ago it was, and the learning rate that follows from it. */
export class Progress {
  rate: number;
  private least = Number.POSITIVE_INFINITY;
  private sinceBest = 0;
  private sinceCut = 0;

  constructor(private readonly limits: Limits) {
    this.rate = limits.learningRate;
  }

  /** Takes in the loss of an epoch: whether it is the least so far, and whether patience is at its end. */
  note(loss: number): { isBest: boolean; isOver: boolean } {
    const { patience, plateauPatience, plateauFactor } = this.limits;
    const isBest = loss < this.least;
    if (isBest) this.least = loss;
    this.sinceBest = isBest ? 0 : this.sinceBest + 1;
    this.sinceCut = isBest ? 0 : this.sinceCut + 1;
    if (plateauPatience !== null && this.sinceCut > plateauPatience) {
      this.rate *= plateauFactor;
      this.sinceCut = 0;
    }
    return { isBest, isOver: patience !== null && this.sinceBest >= patience };
  }
}
