import type { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';

/**
 * Reads parts of JSON from outside: each method returns a value of the asked shape, or throws what `refuse` makes of
 * a sentence that names the place and the fault.
 */
export class JsonShape {
  constructor(private readonly refuse: (why: string) => RiskopsError) {}

  fail(why: string): never {
    throw this.refuse(why);
  }

  /** An object that has all `required` keys and no key besides them and `optional`. */
  object(
    value: unknown,
    where: string,
    required: readonly string[],
    optional: readonly string[] = [],
  ): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.fail(`${where} is not an object.`);
    const known = [...required, ...optional];
    for (const key of Object.keys(value)) {
      if (!known.includes(key))
        this.fail(`${where} has the unknown key "${printable(key)}": ${suggestWord(key, known)}`);
    }
    for (const key of required) if (!Object.hasOwn(value, key)) this.fail(`${where} lacks the key "${key}".`);
    return value as Record<string, unknown>;
  }

  list(value: unknown, where: string, most: number): unknown[] {
    if (!Array.isArray(value)) this.fail(`${where} is not a list.`);
    if (value.length > most) this.fail(`${where} has ${value.length} entries, more than ${most}.`);
    return value;
  }

  text(value: unknown, where: string): string {
    if (typeof value !== 'string') this.fail(`${where} is not text.`);
    return value;
  }

  /** A list of texts, no two of which are the same. */
  texts(value: unknown, where: string, most: number): string[] {
    const texts = this.list(value, where, most).map((item, i) => this.text(item, `${where}[${i}]`));
    if (new Set(texts).size < texts.length) this.fail(`${where} has an entry twice.`);
    return texts;
  }

  boolean(value: unknown, where: string): boolean {
    if (typeof value !== 'boolean') this.fail(`${where} is not true or false.`);
    return value;
  }

  /** A finite number. */
  number(value: unknown, where: string): number {
    if (typeof value !== 'number' || !Number.isFinite(value)) this.fail(`${where} is not a finite number.`);
    return value;
  }

  choice<T extends string>(value: unknown, where: string, choices: readonly T[]): T {
    if (!choices.includes(value as T)) this.fail(`${where} is none of ${choices.join(', ')}.`);
    return value as T;
  }
}
