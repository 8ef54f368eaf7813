/** First come, first served: one holder at a time within this process. */
export class Turns {
  #held = false;
  #waiting: (() => void)[] = [];

  /** Undefined when the turn is free and now taken, so that an unhindered caller need not await at all. */
  take(): Promise<void> | undefined {
    if (!this.#held) {
      this.#held = true;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#held = false;
  }
}
