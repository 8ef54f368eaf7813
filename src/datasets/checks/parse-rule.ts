import { ruleError } from './rule-error.js';
import { type Token, tokensOf } from './tokens.js';

export type Comparison = '<' | '<=' | '>' | '>=' | '=' | '!=';
export type Sum = '+' | '-' | '*' | '/';

/** A part of a rule; `at` is where it begins in the text. */
export type Node = { at: number } & (
  | { kind: 'value'; value: number | string | boolean }
  | { kind: 'field'; name: string }
  | { kind: 'minus'; of: Node }
  | { kind: 'sum'; sign: Sum; left: Node; right: Node }
  | { kind: 'compare'; sign: Comparison; left: Node; right: Node }
  | { kind: 'in'; of: Node; values: (number | string | boolean)[]; not: boolean }
  | { kind: 'missing'; of: Node; not: boolean }
  | { kind: 'not'; of: Node }
  | { kind: 'both'; word: 'and' | 'or'; left: Node; right: Node }
);

const MOST_CHARACTERS = 1_000;
const MOST_DEPTH = 50;
const COMPARISONS: Record<string, Comparison> = {
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
};

/** A recursive-descent parser: `or`, `and`, `not`, comparisons, + and -, * and /, a sign, and what stands in brackets. */
class Parser {
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(private readonly rule: string) {
    this.#tokens = tokensOf(rule);
  }

  parse(): Node {
    const node = this.#or();
    if (this.#token.kind !== 'end')
      this.#fail('here the rule should end, or go on with "and", "or" or a sign');
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next];
  }

  #fail(problem: string, at = this.#token.at): never {
    throw ruleError(this.rule, at, problem);
  }

  /** Takes the next token when it is this one. */
  #take(kind: Token['kind'], ...texts: string[]): Token | undefined {
    const token = this.#token;
    if (token.kind !== kind || !texts.includes(token.text)) return undefined;
    this.#next++;
    return token;
  }

  #expect(sign: string): void {
    if (this.#take('sign', sign) === undefined) this.#fail(`"${sign}" is missing`);
  }

  #chain(words: readonly ('and' | 'or')[], operand: () => Node): Node {
    let left = operand();
    for (let token = this.#take('word', ...words); token; token = this.#take('word', ...words))
      left = { kind: 'both', word: token.text as 'and' | 'or', at: left.at, left, right: operand() };
    return left;
  }

  #or(): Node {
    if (++this.#depth > MOST_DEPTH) this.#fail(`it is nested deeper than ${MOST_DEPTH} levels`);
    const node = this.#chain(['or'], () => this.#chain(['and'], () => this.#not()));
    this.#depth--;
    return node;
  }

  #not(): Node {
    const not = this.#take('word', 'not');
    if (not === undefined) return this.#comparison();
    if (++this.#depth > MOST_DEPTH) this.#fail(`it is nested deeper than ${MOST_DEPTH} levels`);
    const node: Node = { kind: 'not', at: not.at, of: this.#not() };
    this.#depth--;
    return node;
  }

  #comparison(): Node {
    const left = this.#sum();
    const { at } = left;
    const sign = this.#take('sign', ...Object.keys(COMPARISONS));
    if (sign !== undefined) {
      const right = this.#sum();
      if (this.#token.kind === 'sign' && this.#token.text in COMPARISONS)
        this.#fail('a comparison cannot be compared again: write a < b and b < c');
      return { kind: 'compare', sign: COMPARISONS[sign.text], at, left, right };
    }
    if (this.#take('word', 'is') !== undefined) {
      const not = this.#take('word', 'not') !== undefined;
      if (this.#take('word', 'missing') === undefined) this.#fail('"missing" should follow "is"');
      return { kind: 'missing', at, of: left, not };
    }
    const not = this.#token.text === 'not' && this.#token.kind === 'word';
    if (not) this.#next++;
    if (this.#take('word', 'in') !== undefined)
      return { kind: 'in', at, of: left, values: this.#list(), not };
    if (not) this.#fail('"in" should follow "not"');
    return left;
  }

  #list(): (number | string | boolean)[] {
    this.#expect('(');
    const values: (number | string | boolean)[] = [];
    do {
      const minus = this.#take('sign', '-') !== undefined;
      const value = this.#literal();
      if (value === undefined || (minus && typeof value !== 'number'))
        this.#fail("a number, or a text such as 'x', should stand here");
      values.push(minus ? -(value as number) : value);
    } while (this.#take('sign', ',') !== undefined);
    this.#expect(')');
    return values;
  }

  #sums(signs: readonly Sum[], operand: () => Node): Node {
    let left = operand();
    for (let token = this.#take('sign', ...signs); token; token = this.#take('sign', ...signs))
      left = { kind: 'sum', sign: token.text as Sum, at: left.at, left, right: operand() };
    return left;
  }

  #sum(): Node {
    return this.#sums(['+', '-'], () => this.#sums(['*', '/'], () => this.#signed()));
  }

  #signed(): Node {
    const minus = this.#take('sign', '-');
    if (minus === undefined) return this.#primary();
    if (++this.#depth > MOST_DEPTH) this.#fail(`it is nested deeper than ${MOST_DEPTH} levels`);
    const node: Node = { kind: 'minus', at: minus.at, of: this.#signed() };
    this.#depth--;
    return node;
  }

  #literal(): number | string | boolean | undefined {
    const { kind, text, at } = this.#token;
    const isWord = kind === 'word' && (text === 'true' || text === 'false');
    if (kind !== 'number' && kind !== 'text' && !isWord) return undefined;
    this.#next++;
    if (kind === 'text') return text;
    if (isWord) return text === 'true';
    const value = Number(text);
    return Number.isFinite(value) ? value : this.#fail('this number is too large', at);
  }

  #primary(): Node {
    const { kind, text, at } = this.#token;
    const value = this.#literal();
    if (value !== undefined) return { kind: 'value', at, value };
    if (kind === 'field') {
      this.#next++;
      return { kind: 'field', at, name: text };
    }
    if (this.#take('sign', '(') === undefined)
      return this.#fail('a field, a number or a text should stand here');
    const node = this.#or();
    this.#expect(')');
    return node;
  }
}

/**
 * A rule as a tree.
 * @throws RiskopsError CHECKS_INVALID naming the place in the rule
 */
export function parseRule(rule: string): Node {
  if (rule.length > MOST_CHARACTERS)
    throw ruleError(rule, MOST_CHARACTERS, `it is longer than ${MOST_CHARACTERS} characters`);
  return new Parser(rule).parse();
}
