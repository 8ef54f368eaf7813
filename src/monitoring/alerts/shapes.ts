import * as z from 'zod';
import { suggestWord } from '../../util/text.js';
import { parseHours } from './hours.js';
import { parseSpan } from './span.js';
import { checkTimeZone } from './zone-time.js';

/** A text that `parse` makes something of; its Error ends the sentence that begins with the key. */
export function parsedText<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

/** One of the known words; another is answered by the nearest. */
export function wordOf<W extends string>(known: readonly W[]) {
  return parsedText((text): W => {
    const found = known.find((word) => word === text);
    if (found === undefined)
      throw new Error(`"${text.slice(0, 64)}" is not known; ${suggestWord(text, known)}`);
    return found;
  });
}

/** Text for one line: no control characters, not empty. */
export const lineText = z
  .string()
  .min(1, 'is empty')
  .max(500)
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'has a control character');

export const span = parsedText(parseSpan);
/** A length of time, or "never". */
export const spanOrNever = z.union([z.literal('never').transform(() => null), span]);
export const timeZone = parsedText(checkTimeZone);
export const hoursRanges = z.union([
  parsedText(parseHours).transform((range) => [range]),
  z.array(parsedText(parseHours)).min(1),
]);
export const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is the name of an environment variable');
export const timeoutSeconds = z.number().min(0.1).max(120);
export const share = z.number().min(0).max(1);
export const wholeFrom = (least: number) => z.number().int().min(least).max(1e9);
