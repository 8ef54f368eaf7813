const FIRST_SIZE = 1_024;

/** Numbers of which nobody knows beforehand how many they will be: 8 to 16 bytes each. */
export class GrowingNumbers {
  #values = new Float64Array(FIRST_SIZE);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** A copy of them. */
  take(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}
