export interface JsonLimits {
  /** How deep arrays and objects may stand in each other. */
  depth: number;
  /** How many commas and brackets there may be: bounds what parsing allocates. */
  values: number;
  /** A key that may stand in no object. */
  refusedKey?: string;
}

/** How many keys there may be in all objects together: they cost more than values. */
const MOST_KEYS = 200_000;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The place of the quote that ends the string which begins at `start`, or -1. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

function isKey(text: string, end: number): boolean {
  let next = end + 1;
  while (text.charCodeAt(next) <= SPACE) next++;
  return text[next] === ':';
}

/** Notes a key of an object, given as it is written. */
function addKey(keys: Set<string>, written: string, { refusedKey }: JsonLimits): void {
  const key = JSON.parse(written) as string;
  if (keys.has(key)) throw new SyntaxError(`the key "${key}" stands twice in one object`);
  if (key === refusedKey) throw new SyntaxError(`the key "${key}" is not allowed`);
  keys.add(key);
}

/**
 * Looks over JSON text before it is parsed: JSON.parse would build millions of nested arrays out of a small hostile
 * file, and keep the last of two equal keys without a word.
 */
function scan(text: string, limits: JsonLimits): void {
  const open: (Set<string> | undefined)[] = [];
  let values = 0;
  let keys = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = endOfString(text, i);
      if (end < 0) return;
      const object = open.at(-1);
      if (object !== undefined && isKey(text, end)) {
        if (++keys > MOST_KEYS) throw new SyntaxError(`it has more than ${MOST_KEYS} keys`);
        addKey(object, text.slice(i, end + 1), limits);
      }
      i = end;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (open.length === limits.depth) throw new SyntaxError(`it is nested deeper than ${limits.depth}`);
      open.push(code === OPEN_BRACE ? new Set() : undefined);
      values++;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) open.pop();
    else if (code === COMMA) values++;
    if (values > limits.values) throw new SyntaxError(`it has more than ${limits.values} values`);
  }
}

/**
 * JSON.parse for text that nobody vouches for: bounded in depth, values and keys before anything is built, and no key
 * twice in one object.
 * @throws SyntaxError with one line
 */
export function parseStrictJson(text: string, limits: JsonLimits): unknown {
  scan(text, limits);
  return JSON.parse(text);
}
