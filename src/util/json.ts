/** JSON that loses no number: NaN and the infinities as strings, -0 as `-0`. */

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
