/** JSON that loses no number: NaN and the infinities as strings, -0 as `-0`; and the place at which a text is none. */

/** Text of a finite or special number as it stands in our JSON. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return JSON.stringify(String(value));
}

function write(value: unknown, indent: string, step: string, sorted: boolean): string | undefined {
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return write(value.toJSON(), indent, step, sorted);
  const inner = indent + step;
  const [open, close] = step === '' ? ['', ''] : [`\n${inner}`, `\n${indent}`];
  const comma = step === '' ? ',' : `,\n${inner}`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(
      value as ArrayLike<unknown>,
      (item) => write(item, inner, step, sorted) ?? 'null',
    );
    return items.length === 0 ? '[]' : `[${open}${items.join(comma)}${close}]`;
  }
  const entries = Object.entries(value).flatMap(([key, item]): [string, string][] => {
    const text = write(item, inner, step, sorted);
    return text === undefined ? [] : [[key, text]];
  });
  if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const space = step === '' ? '' : ' ';
  const items = entries.map(([key, text]) => `${JSON.stringify(key)}:${space}${text}`);
  return items.length === 0 ? '{}' : `{${open}${items.join(comma)}${close}}`;
}

/** One line of JSON. Numbers come back exactly: -0 as -0, NaN and infinities as the strings "NaN", "Infinity", "-Infinity". */
export function toJson(value: unknown): string {
  return write(value, '', '', false) ?? 'null';
}

/** The same, indented by two spaces, for files and terminals that people read. */
export function toPrettyJson(value: unknown): string {
  return write(value, '', '  ', false) ?? 'null';
}

/** One line with sorted keys: equal values give equal text, so it can be hashed. */
export function toCanonicalJson(value: unknown): string {
  return write(value, '', '', true) ?? 'null';
}

/** A number as written by `toJson`: undoes the strings of the special numbers; undefined when it is neither. */
export function numberFromJson(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  return undefined;
}

/** The parts of a JSON text (RFC 8259) that are no list and no object. */
const BLANKS = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;

/** Follows a text as far as it is JSON; what is open is on a list of its own, so that no depth is too deep. */
class Scan {
  at = 0;

  constructor(private readonly text: string) {}

  take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  /** Blanks, and then the character. */
  takes(character: string): boolean {
    this.take(BLANKS);
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  key(): boolean {
    this.take(BLANKS);
    return this.take(STRING) && this.takes(':');
  }
}

/** Where a text stops being JSON, as an index; its length when it ends too early or is JSON. */
function faultAt(text: string): number {
  const scan = new Scan(text);
  const open: ('}' | ']')[] = [];
  for (;;) {
    // A value is due.
    scan.take(BLANKS);
    if (scan.takes('{')) {
      open.push('}');
      if (!scan.takes('}')) {
        if (!scan.key()) return scan.at;
        continue;
      }
      open.pop();
    } else if (scan.takes('[')) {
      open.push(']');
      if (!scan.takes(']')) continue;
      open.pop();
    } else if (!scan.take(STRING) && !scan.take(SCALAR)) return scan.at;
    // A value has ended, and with it perhaps what it stands in.
    while (open.length > 0 && scan.takes(open[open.length - 1])) open.pop();
    if (open.length === 0) {
      scan.take(BLANKS);
      return scan.at;
    }
    if (!scan.takes(',')) return scan.at;
    if (open[open.length - 1] === '}' && !scan.key()) return scan.at;
  }
}

/** The line and the column, both from 1, at which a text stops being JSON: what JSON.parse says of it differs from Node to Node. */
export function jsonFaultPlace(text: string): { line: number; column: number } {
  const before = text.slice(0, faultAt(text)).split(/\r\n|[\r\n]/);
  return { line: before.length, column: before[before.length - 1].length + 1 };
}
