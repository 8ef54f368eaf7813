import { printable } from '../../util/text.js';
import { filterError, type SearchText } from './filter-error.js';

/** A piece of a filter. `at` is the index of its first character, from 0; `text` is as it was written. */
export interface Token {
  type: 'name' | 'text' | 'number' | 'moment' | 'symbol' | 'end';
  at: number;
  text: string;
  /** Of a text: what stands between the quotes. Of a name: its key, when that is quoted. */
  content?: string;
  /** Of a number: its unit, such as `d` in `7d`. */
  unit?: string;
}

// Each begins where the last token ended and passes over its characters once, so reading takes linear time.
const SPACE = /[\s\ufeff]+/y;
const NAME = /[\p{L}_][\p{L}\p{M}\p{N}_./:-]*/uy;
const MOMENT = /\d{4}-\d\d-\d\d(?:[Tt][\d:.]*(?:[Zz]|[+-]\d\d:\d\d)?)?/y;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const INFINITY = /[+-]infinity/iy;
const WORD_REST = /[\p{L}\p{M}\p{N}_.]+/uy;
const SYMBOL = /<>|<=|>=|!=|==|[=<>(),]/y;
const QUOTED: Record<string, RegExp> = {
  "'": /'(?:[^']|'')*'/y,
  '"': /"(?:[^"]|"")*"/y,
  '`': /`(?:[^`]|``)*`/y,
};

/** Cuts a filter into tokens, the last of them `end`. @throws RUN_FILTER_INVALID */
export function readTokens(kind: SearchText, text: string): Token[] {
  const tokens: Token[] = [];
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const fail = (at: number, why: string, fix?: string) => filterError(kind, text, at, why, fix);

  const quoted = (at: number): { text: string; content: string } => {
    const mark = text[at];
    const found = match(QUOTED[mark], at);
    if (found === undefined) throw fail(at, `a quote (${mark}) is opened and not closed`);
    return { text: found, content: found.slice(1, -1).replaceAll(mark + mark, mark) };
  };

  const name = (at: number, start: string): Token => {
    const after = at + start.length;
    if (!start.endsWith('.') || !'"`'.includes(text[after] || ' ')) return { type: 'name', at, text: start };
    const key = quoted(after);
    const rest = match(WORD_REST, after + key.text.length);
    if (rest !== undefined) {
      throw fail(after, 'a quoted name is quoted as a whole', `for example metrics."a.b c"`);
    }
    return { type: 'name', at, text: start + key.text, content: key.content };
  };

  const number = (at: number, digits: string): Token => {
    const after = at + digits.length;
    const rest = match(WORD_REST, after);
    if (rest === undefined) return { type: 'number', at, text: digits };
    if (/^(?:ms|s|m|h|d|w)$/.test(rest)) return { type: 'number', at, text: digits + rest, unit: rest };
    const shown = printable(digits + rest, 40);
    throw fail(at, `"${shown}" is no number and no time; text stands in quotes: '${shown}'`);
  };

  let at = 0;
  const next = (): Token => {
    at += match(SPACE, at)?.length ?? 0;
    if (at >= text.length) return { type: 'end', at: text.length, text: '' };
    if (text[at] in QUOTED && Object.hasOwn(QUOTED, text[at])) {
      if (text[at] === '`')
        throw fail(at, 'backticks quote the name of a metric, parameter or tag: metrics.`a b`');
      return { type: 'text', at, ...quoted(at) };
    }
    const start = match(NAME, at);
    if (start !== undefined) return name(at, start);
    const moment = match(MOMENT, at);
    if (moment !== undefined) return { type: 'moment', at, text: moment };
    const digits = match(NUMBER, at);
    if (digits !== undefined) return number(at, digits);
    const infinity = match(INFINITY, at);
    if (infinity !== undefined) return { type: 'number', at, text: infinity };
    const symbol = match(SYMBOL, at);
    if (symbol !== undefined) return { type: 'symbol', at, text: symbol };
    throw fail(
      at,
      `"${printable(String.fromCodePoint(text.codePointAt(at) as number), 8)}" has no meaning here`,
    );
  };

  for (;;) {
    const token = next();
    tokens.push(token);
    if (token.type === 'end') return tokens;
    at = token.at + token.text.length;
  }
}
