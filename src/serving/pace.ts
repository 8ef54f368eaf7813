const FIRST_GUESS_MS = 0.05;
/** The weight of the newest measurement. */
const WEIGHT = 0.2;

/** How long a model takes for a row, as it was seen lately. */
export class Pace {
  msPerRow = FIRST_GUESS_MS;

  note(rows: number, ms: number): void {
    this.msPerRow += WEIGHT * (ms / rows - this.msPerRow);
  }
}
