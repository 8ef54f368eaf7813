import { printable } from '../util/text.js';
import { type FieldProblem, invalidFields } from './problems.js';

interface WholeNumber {
  min: number;
  max: number;
  default: number;
}

/** Reads query parameters one by one, and refuses the unknown, the repeated and the odd all at once. */
export class QueryReader {
  readonly #problems: FieldProblem[] = [];
  readonly #read = new Set<string>();

  constructor(private readonly query: Record<string, unknown>) {}

  wholeNumber(name: string, { min, max, default: fallback }: WholeNumber): number {
    const text = this.#text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    return this.#refuse(
      name,
      `must be a whole number from ${min} to ${max}, and is "${printable(text, 40)}"`,
      fallback,
    );
  }

  /** A number between 0 and 1; null when it was not given. */
  share(name: string): number | null {
    const text = this.#text(name);
    if (text === undefined) return null;
    const value = /^0?\.\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (value > 0 && value < 1) return value;
    return this.#refuse(
      name,
      `must be a number between 0 and 1, such as 0.9, and is "${printable(text, 40)}"`,
      null,
    );
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.#text(name);
    if (text === undefined) return fallback;
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    return this.#refuse(name, `must be true or false, and is "${printable(text, 40)}"`, fallback);
  }

  /** The text as given; undefined when it was not. @param most characters */
  text(name: string, most = Number.POSITIVE_INFINITY): string | undefined {
    const text = this.#text(name);
    if (text === undefined || text.length <= most) return text;
    return this.#refuse(name, `may have ${most} characters, and has ${text.length}`, undefined);
  }

  /** @throws RiskopsError VALIDATION_ERROR when anything was wrong */
  end(): void {
    for (const name of Object.keys(this.query)) {
      if (!this.#read.has(name))
        this.#refuse(printable(name, 40), 'is no parameter of this route', undefined);
    }
    if (this.#problems.length > 0) throw invalidFields('The query does not fit.', this.#problems);
  }

  #text(name: string): string | undefined {
    this.#read.add(name);
    const value = this.query[name];
    if (value === undefined || typeof value === 'string') return value;
    return this.#refuse(name, 'must be given once', undefined);
  }

  #refuse<T>(field: string, problem: string, fallback: T): T {
    this.#problems.push({ field, problem });
    return fallback;
  }
}
