import type { RiskopsError } from '../../errors.js';
import { type Field, fieldNamed, isSummary, summarised } from './fields.js';
import { checkLength, filterError, type SearchText } from './filter-error.js';
import { expected, type Fault } from './read-operand.js';
import { readTokens, type Token } from './tokens.js';

/** Walks over the tokens of a text, and knows how a field and a list are written. */
export class TokenReader {
  readonly #tokens: Token[];
  #index = 0;

  /** @throws RUN_FILTER_INVALID */
  constructor(
    readonly kind: SearchText,
    readonly text: string,
  ) {
    checkLength(kind, text);
    this.#tokens = readTokens(kind, text);
  }

  get next(): Token {
    return this.#tokens[this.#index];
  }

  get atEnd(): boolean {
    return this.next.type === 'end';
  }

  /** The token that was taken last. */
  get last(): Token {
    return this.#tokens[this.#index - 1];
  }

  take(): Token {
    const token = this.next;
    if (!this.atEnd) this.#index++;
    return token;
  }

  fault(token: Token, { why }: Fault, fix?: string): RiskopsError {
    return filterError(this.kind, this.text, token.at, why, fix);
  }

  unexpected(what: string): RiskopsError {
    return this.fault(this.next, expected(what, this.next));
  }

  isWord(word: string): boolean {
    return this.next.type === 'name' && this.next.text.toLowerCase() === word;
  }

  takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.#index++;
    return found;
  }

  takeSymbol(symbol: string): boolean {
    const found = this.next.type === 'symbol' && this.next.text === symbol;
    if (found) this.#index++;
    return found;
  }

  needSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(`"${symbol}"`);
  }

  /** One or more, with commas between, to the end of the text. */
  list<T>(limit: number, one: () => T): T[] {
    const items: T[] = [];
    do {
      if (items.length === limit) throw this.fault(this.next, { why: `there are more than ${limit}` });
      items.push(one());
    } while (this.takeSymbol(','));
    if (!this.atEnd) throw this.unexpected('a comma or the end');
    return items;
  }

  field(): Field {
    const token = this.next;
    if (token.type !== 'name') throw this.#noField(token);
    this.take();
    if (!this.takeSymbol('(')) return this.#fieldOf(token);
    if (!isSummary(token.text)) {
      throw this.fault(token, { why: 'there are the functions last, min, max, mean, best and count' });
    }
    const inner = this.next;
    const field = inner.type === 'name' ? summarised(this.#fieldOf(this.take()), token.text) : undefined;
    if (field === undefined)
      throw this.fault(inner, { why: `${token.text} is for a metric: ${token.text}(metrics.NAME)` });
    this.needSymbol(')');
    return field;
  }

  #noField(token: Token): RiskopsError {
    if (token.type === 'text' || token.type === 'number' || token.type === 'moment')
      return this.fault(token, { why: 'a field stands first, its value after: metrics.auc > 0.8' });
    return this.unexpected('a field, such as metrics.auc or status');
  }

  #fieldOf(token: Token): Field {
    const field = fieldNamed(token);
    if ('why' in field) throw this.fault(token, field);
    return field;
  }
}
