import type { Field } from './fields.js';
import type { Column, Comparator, Filter, Operand, SortKey } from './filter.js';
import { expected, isFault, readOperand, type Use } from './read-operand.js';
import { TokenReader } from './token-reader.js';

const DEPTH_LIMIT = 100;
const TERM_LIMIT = 1000;
const IN_LIMIT = 1000;
const PATTERN_LIMIT = 1000;
const KEY_LIMIT = 10;
const COLUMN_LIMIT = 100;

/**
 * Reads a filter such as `metrics.auc > .8 and params.depth in (4, 6)`. Words of the grammar are in any case. Takes
 * linear time, and no more stack than the depth of parentheses that it allows.
 * @param now milliseconds since 1970, what times such as `7d` count back from
 * @throws RUN_FILTER_INVALID; its details say at which character
 */
export function readFilter(text: string, now = Date.now()): Filter {
  const reader = new FilterReader(text, now);
  if (reader.atEnd) throw reader.fault(reader.next, { why: 'the filter is empty' });
  const filter = reader.anyOf(0);
  if (!reader.atEnd) throw reader.unexpected('AND, OR or the end');
  return filter;
}

/**
 * Reads an order such as `metrics.auc desc, start`.
 * @throws RUN_FILTER_INVALID
 */
export function readOrder(text: string): SortKey[] {
  const reader = new TokenReader('order', text);
  return reader.list(KEY_LIMIT, () => {
    const field = reader.field();
    const descending = reader.takeWord('desc');
    if (!descending) reader.takeWord('asc');
    return { field, descending };
  });
}

/**
 * Reads names of columns such as `id, params.depth, best(metrics.auc)`.
 * @throws RUN_FILTER_INVALID
 */
export function readColumnNames(text: string): Column[] {
  const reader = new TokenReader('list of columns', text);
  return reader.list(COLUMN_LIMIT, () => {
    const from = reader.next.at;
    const field = reader.field();
    return { name: text.slice(from, reader.last.at + reader.last.text.length), field };
  });
}

class FilterReader extends TokenReader {
  #terms = 0;

  constructor(
    text: string,
    readonly now: number,
  ) {
    super('filter', text);
  }

  /** OR binds least. */
  anyOf(depth: number): Filter {
    return this.#joined('or', () => this.#joined('and', () => this.#negated(depth)));
  }

  #joined(op: 'and' | 'or', one: () => Filter): Filter {
    const parts = [one()];
    while (this.takeWord(op)) parts.push(one());
    return parts.length === 1 ? parts[0] : { op, parts };
  }

  #negated(depth: number): Filter {
    let negated = false;
    while (this.takeWord('not')) negated = !negated;
    const part = this.#primary(depth);
    return negated ? { op: 'not', part } : part;
  }

  #primary(depth: number): Filter {
    const opening = this.next;
    if (!this.takeSymbol('(')) return this.#term();
    if (depth === DEPTH_LIMIT)
      throw this.fault(opening, { why: `the parentheses are nested more than ${DEPTH_LIMIT} deep` });
    const inner = this.anyOf(depth + 1);
    if (!this.takeSymbol(')')) throw this.unexpected('AND, OR or ")"');
    return inner;
  }

  #term(): Filter {
    const start = this.next;
    if (++this.#terms > TERM_LIMIT)
      throw this.fault(start, { why: `there are more than ${TERM_LIMIT} terms` });
    const field = this.field();
    if (this.takeWord('is')) return this.#isNull(field);
    const comparator = this.#comparator();
    if (comparator !== undefined) return this.#comparison(field, comparator);
    const negated = this.takeWord('not');
    const term = this.#wordTerm(field, negated);
    return negated ? { op: 'not', part: term } : term;
  }

  #isNull(field: Field): Filter {
    const negated = this.takeWord('not');
    if (!this.takeWord('null')) throw this.unexpected(negated ? 'NULL' : 'NULL or NOT NULL');
    const term: Filter = { op: 'null', field };
    return negated ? { op: 'not', part: term } : term;
  }

  #comparator(): Comparator | undefined {
    if (this.next.type !== 'symbol' || !/^[=!<>]/.test(this.next.text)) return undefined;
    const { text } = this.take();
    if (text === '<>') return '!=';
    return text === '==' ? '=' : (text as Comparator);
  }

  #comparison(field: Field, comparator: Comparator): Filter {
    const same = comparator === '=' || comparator === '!=';
    if (!same && (field.type === 'status' || field.type === 'flag'))
      throw this.fault(this.last, { why: 'this has no order: use = or !=' });
    return { op: 'compare', field, comparator, value: this.#operand(field, same ? 'same' : 'order') };
  }

  #wordTerm(field: Field, negated: boolean): Filter {
    const word = this.next;
    if (this.takeWord('in')) return { op: 'in', field, values: this.#values(field) };
    if (this.takeWord('between')) {
      if (field.type === 'status' || field.type === 'flag')
        throw this.fault(word, { why: 'this has no order: use = or !=' });
      const from = this.#operand(field, 'order');
      if (!this.takeWord('and')) throw this.unexpected('AND and the upper end');
      return { op: 'between', field, from, to: this.#operand(field, 'order') };
    }
    if (this.takeWord('like')) {
      if (field.type !== 'text' && field.type !== 'pair') throw this.fault(word, { why: 'LIKE is for text' });
      return { op: 'like', field, pattern: this.#pattern() };
    }
    if (field.type === 'flag' && !negated) return { op: 'compare', field, comparator: '=', value: true };
    throw this.unexpected(
      negated ? 'IN, BETWEEN or LIKE' : 'a comparison (= != < <= > >= IN BETWEEN LIKE IS)',
    );
  }

  #values(field: Field): Operand[] {
    this.needSymbol('(');
    const values: Operand[] = [];
    do {
      if (values.length === IN_LIMIT)
        throw this.fault(this.next, { why: `there are more than ${IN_LIMIT} values` });
      values.push(this.#operand(field, 'same'));
    } while (this.takeSymbol(','));
    if (!this.takeSymbol(')')) throw this.unexpected('a comma or ")"');
    return values;
  }

  #pattern(): string {
    const token = this.take();
    const { content } = token;
    if (token.type !== 'text' || content === undefined)
      throw this.fault(token, expected('a pattern in quotes', token));
    if (content.length > PATTERN_LIMIT)
      throw this.fault(token, { why: `the pattern is longer than ${PATTERN_LIMIT} characters` });
    if ((/\\*$/.exec(content) as RegExpExecArray)[0].length % 2 === 1)
      throw this.fault(token, {
        why: 'the backslash at the end takes the meaning of nothing; two stand for one',
      });
    return content;
  }

  #operand(field: Field, use: Use): Operand {
    const token = this.take();
    const read = readOperand(field, token, use, this.now);
    if (isFault(read)) throw this.fault(token, read);
    return read;
  }
}
