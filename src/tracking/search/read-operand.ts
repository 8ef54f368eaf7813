import { nearestWord, printable } from '../../util/text.js';
import { RUN_STATUSES } from '../liveness.js';
import type { Field } from './fields.js';
import type { Operand } from './filter.js';
import { isDay, momentBefore, momentText, spanMs } from './moments.js';
import type { Token } from './tokens.js';

/** How an operand is used: `=` and IN ask whether it is the same, `<` and BETWEEN where it lies. */
export type Use = 'same' | 'order';

/** What is wrong with an operand. */
export interface Fault {
  why: string;
}

type Read = Operand | Fault;

export const isFault = (read: Operand | Fault): read is Fault => typeof read === 'object';

/** The token as a value that `field` can be compared with. @param now milliseconds since 1970, for times such as 7d */
export function readOperand(field: Field, token: Token, use: Use, now: number): Read {
  if (token.type === 'name' && token.text.toLowerCase() === 'null')
    return { why: 'nothing is equal to null: use IS NULL or IS NOT NULL' };
  switch (field.type) {
    case 'text':
      return readText(token);
    case 'pair':
      return field.asText ? readText(token) : readPairValue(token, use);
    case 'status':
      return readStatusName(token);
    case 'flag':
      return readFlag(token);
    case 'time':
      return readTime(token, use, now);
    case 'duration':
      return readDuration(token);
    case 'metric':
      return readMetricNumber(token, use);
  }
}

function readText(token: Token): Read {
  if (token.type === 'text') return token.content as string;
  return token.type === 'end' || token.type === 'symbol'
    ? expected('text in quotes', token)
    : { why: `text stands in quotes: '${printable(token.text, 40)}'` };
}

/** Parameters and tags are text; against a number those that look like numbers are compared as numbers. */
function readPairValue(token: Token, use: Use): Read {
  const word = token.type === 'name' ? token.text.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word;
  const isNumber = token.type === 'number' || word === 'nan' || word === 'infinity';
  return isNumber ? readNumber(token, use) : readText(token);
}

function readMetricNumber(token: Token, use: Use): Read {
  if (token.type === 'text') return { why: 'a metric is a number: numbers stand without quotes' };
  const value = readNumber(token, use);
  return typeof value === 'bigint' ? Number(value) : value;
}

function readNumber(token: Token, use: Use): Read {
  const word = token.type === 'name' ? token.text.toLowerCase() : '';
  if (word === 'nan')
    return use === 'same' ? Number.NaN : { why: 'NaN has no order: compare with = NaN or != NaN' };
  if (word === 'infinity') return Number.POSITIVE_INFINITY;
  if (token.type !== 'number') return expected('a number', token);
  if (token.unit !== undefined) return { why: `a number is needed, and ${token.text} is a time` };
  if (/infinity$/i.test(token.text)) return token.text.startsWith('-') ? -Infinity : Infinity;
  const value = Number(token.text);
  // What a double would round is kept whole, as far as the database's own whole numbers go.
  const isLarge = /^[+-]?\d+$/.test(token.text) && !Number.isSafeInteger(value);
  return isLarge && Math.abs(value) < 2 ** 63 ? BigInt(token.text.replace('+', '')) : value;
}

function readStatusName(token: Token): Read {
  if (token.type !== 'text') return readText(token);
  const given = token.content as string;
  const known = RUN_STATUSES.find((status) => status === given.toUpperCase());
  if (known !== undefined) return known;
  const near = nearestWord(given, RUN_STATUSES);
  return {
    why: `no run has this status: ${near === undefined ? `one of ${RUN_STATUSES.join(', ')}` : `did you mean '${near}'?`}`,
  };
}

function readFlag(token: Token): Read {
  const word = token.text.toLowerCase();
  return token.type === 'name' && (word === 'true' || word === 'false')
    ? word === 'true'
    : expected('true or false', token);
}

function readDuration(token: Token): Read {
  if (token.type === 'name' && token.text.toLowerCase() === 'infinity') return Number.POSITIVE_INFINITY;
  if (token.type !== 'number') return expected('a time such as 90, 5m or 1.5h', token);
  return spanMs(Number.parseFloat(token.text), token.unit ?? 's');
}

function readTime(token: Token, use: Use, now: number): Read {
  const written = token.type === 'moment' ? token.text : token.type === 'text' ? token.content : undefined;
  if (written !== undefined) {
    const moment = momentText(written);
    if (moment === undefined)
      return { why: 'this is no day of the calendar and no time with its zone, such as 2026-03-01T12:00Z' };
    return use === 'same' && isDay(written) ? { why: noExactTime('a day') } : moment;
  }
  if (token.type !== 'number' || token.unit === undefined)
    return expected('a time such as 7d (seven days ago), 2026-03-01 or 2026-03-01T12:00Z', token);
  if (use === 'same') return { why: noExactTime('a time ago') };
  const amount = Number.parseFloat(token.text);
  if (amount < 0) return { why: `a time ago is written without a sign: ${token.text.slice(1)}` };
  return momentBefore(now, spanMs(amount, token.unit)) ?? { why: `${token.text} ago is before the calendar` };
}

const noExactTime = (what: string) =>
  `a run begins and ends at a millisecond, and this is ${what}: use <, <=, >, >= or BETWEEN`;

export function expected(what: string, token: Token): Fault {
  return {
    why: `${what} is expected, ${token.type === 'end' ? 'and the text ends' : `not ${printable(token.text, 40)}`}`,
  };
}
