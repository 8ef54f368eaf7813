import { ruleError } from './rule-error.js';

export type TokenKind = 'number' | 'text' | 'field' | 'word' | 'sign' | 'end';

export interface Token {
  kind: TokenKind;
  /** A sign or word as it is written, in small letters; of a text or field what the quotes hold. */
  text: string;
  /** Where it begins, from 0. */
  at: number;
}

/** Words of the language; as the name of a field they are written in double quotes. */
const WORDS = ['and', 'or', 'not', 'in', 'is', 'missing', 'true', 'false'] as const;

const SPACE = /\s+/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[\p{L}_][\p{L}\p{M}\p{N}_.]*/uy;
const SIGN = /<=|>=|!=|==|<>|[<>=+\-*/(),]/y;

/** What a pattern matches at a place; undefined when it does not. */
function match(pattern: RegExp, rule: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(rule)?.[0];
}

/** What stands between quotes, where a quote inside is written twice, and the place behind it. */
function readQuoted(rule: string, at: number): { text: string; next: number } {
  const quote = rule[at];
  let text = '';
  for (let i = at + 1; i < rule.length; i++) {
    if (rule[i] !== quote) text += rule[i];
    else if (rule[i + 1] === quote) text += rule[i++];
    else return { text, next: i + 1 };
  }
  throw ruleError(
    rule,
    at,
    `the ${quote === "'" ? 'text' : 'name'} that begins here has no closing ${quote}`,
  );
}

/**
 * The parts of a rule, with an `end` behind them.
 * @throws RiskopsError CHECKS_INVALID naming the place of what is no part of the language
 */
export function tokensOf(rule: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < rule.length; ) {
    const space = match(SPACE, rule, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    if (rule[at] === "'" || rule[at] === '"') {
      const { text, next } = readQuoted(rule, at);
      tokens.push({ kind: rule[at] === "'" ? 'text' : 'field', text, at });
      at = next;
      continue;
    }
    const number = match(NUMBER, rule, at);
    const name = match(NAME, rule, at);
    const found = number ?? name ?? match(SIGN, rule, at);
    if (found === undefined) throw ruleError(rule, at, `"${rule.slice(at, at + 1)}" is no part of a rule`);
    const small = found.toLowerCase();
    if (number !== undefined) tokens.push({ kind: 'number', text: found, at });
    else if (name === undefined) tokens.push({ kind: 'sign', text: found, at });
    else if (WORDS.some((word) => word === small)) tokens.push({ kind: 'word', text: small, at });
    else tokens.push({ kind: 'field', text: found, at });
    at += found.length;
  }
  tokens.push({ kind: 'end', text: '', at: rule.length });
  return tokens;
}
