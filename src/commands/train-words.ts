import type { Hyper } from '../models/learner.js';
import { trainOptions } from './train-plan.js';

/** Plain words need no quotes in a shell. */
const PLAIN = /^[\p{L}\p{N}_@%+=:,./-]+$/u;

const quoted = (word: string) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The training flags of a call as words, but for `--set`. */
export function trainWords(flags: Record<string, unknown>): string[] {
  return trainOptions.flatMap(({ flag }) => {
    const name = flag.split(' ')[0];
    const value = flags[name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    return name === '--set' || value === undefined ? [] : [name, String(value)];
  });
}

/** The command that trains with these options on the same rows, to be pasted into a shell. */
export function trainCommand(words: readonly string[], settings: Hyper): string {
  const sets = Object.entries(settings).flatMap(([name, value]) => [
    '--set',
    `${name}=${value === null ? 'none' : String(value)}`,
  ]);
  return ['riskops', 'train', ...words, ...sets].map(quoted).join(' ');
}
