/**
 * A text that a spreadsheet may run as a formula: it begins with = + - @, their full-width forms, a tab or a line end
 * (OWASP, CSV Injection).
 */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/**
 * A value as a CSV cell (RFC 4180): a number as it is, nothing for null, and text with an apostrophe before it where a spreadsheet may
 * take it for a formula. What is neither is JSON.
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of cells, with its end. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(csvCell).join(',')}\r\n`;
