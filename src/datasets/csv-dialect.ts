import Papa from 'papaparse';
import { RiskopsError } from '../errors.js';

export type LineEnd = '\n' | '\r\n' | '\r';

/** How a file writes its records. */
export interface Dialect {
  delimiter: string;
  lineEnd: LineEnd;
}

const DELIMITERS = [',', ';', '\t', '|'];
const SAMPLE = { fastMode: false, preview: 50 };

/** The kinds of line end outside quoted fields: a quoted field may hold others than the file's own. */
function lineEndsOutsideQuotes(text: string): Set<LineEnd> {
  const found = new Set<LineEnd>();
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) quoted = !quoted;
    else if (quoted || (c !== 10 && c !== 13)) continue;
    else if (c === 10) found.add('\n');
    else if (text.charCodeAt(i + 1) !== 10) found.add('\r');
    else {
      found.add('\r\n');
      i++;
    }
  }
  return found;
}

/**
 * The text with one kind of line end, and that kind. Text that mixes them (files joined by hand) is rewritten with
 * line feeds; each stays one line, so line numbers stay those of the file.
 */
export function settleLineEnds(text: string): { text: string; lineEnd: LineEnd } {
  if (!text.includes('\r')) return { text, lineEnd: '\n' };
  const found = lineEndsOutsideQuotes(text);
  if (found.size === 1) return { text, lineEnd: [...found][0] };
  return { text: text.replace(/\r\n?/g, '\n'), lineEnd: '\n' };
}

/** How well a delimiter explains the first records: the share that has as many fields as the header, and that number. */
function fitOf(text: string, dialect: Dialect): { agree: number; fields: number } {
  const { data } = Papa.parse<string[]>(text, {
    delimiter: dialect.delimiter,
    newline: dialect.lineEnd,
    ...SAMPLE,
  });
  const records = data.filter((record) => record.length > 1 || record[0].trim() !== '');
  const fields = records[0]?.length ?? 0;
  return {
    agree: records.filter((record) => record.length === fields).length / Math.max(1, records.length),
    fields,
  };
}

/** Whether the beginning of a text, with line feeds at its ends, tells the delimiter as the whole text would. */
export function saysDelimiter(text: string): boolean {
  return DELIMITERS.every((delimiter) => {
    const { meta } = Papa.parse(text, { ...SAMPLE, delimiter, newline: '\n' });
    return meta.truncated;
  });
}

/** The delimiter of the text: of comma, semicolon, tab and bar the one by which most records have the header's length. */
export function detectDelimiter(text: string, lineEnd: LineEnd): string {
  let best = { delimiter: ',', agree: -1, fields: 1 };
  for (const delimiter of DELIMITERS) {
    const fit = fitOf(text, { delimiter, lineEnd });
    if (fit.fields < 2) continue;
    if (fit.agree > best.agree || (fit.agree === best.agree && fit.fields > best.fields))
      best = { delimiter, ...fit };
  }
  return best.delimiter;
}

/** A delimiter that the caller chose; OPTION_INVALID when it cannot delimit. */
export function checkDelimiter(delimiter: string): string {
  if (delimiter.length === 1 && !'"\r\n\ufeff'.includes(delimiter)) return delimiter;
  throw new RiskopsError('OPTION_INVALID', {
    what: `${JSON.stringify(delimiter)} cannot be the delimiter of a CSV file.`,
    why: 'A delimiter is one character, and neither a quote nor a line end.',
    fix: 'leave the delimiter out: it is found by itself',
  });
}
