import type { CommanderError } from 'commander';
import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { commands } from './all.js';
import type { CommandEntry } from './command.js';

/** Refuses words that are no command and no group of commands, before `--help` could answer for another one. */
export function checkCommand(words: readonly string[], chosen: CommandEntry | undefined): void {
  const plain = words.filter((word) => !word.startsWith('-'));
  if (plain.length > 0 && words[0].startsWith('-')) throw optionBeforeCommand(words[0], chosen);
  const asksForHelp = words.includes('--help') || words.includes('-h');
  const isGroup = plain.length === 1 && commands.some(({ name }) => name.startsWith(`${plain[0]} `));
  if (plain.length === 0 || chosen || (isGroup && asksForHelp)) return;
  throw unknownCommand(plain);
}

/** What commander found wrong, as an error of ours. */
export function usageError(
  error: CommanderError,
  words: readonly string[],
  chosen: CommandEntry | undefined,
): RiskopsError {
  if (words.every((word) => word === '--json'))
    return new RiskopsError('USAGE', { what: 'No command was given.', why: 'It is the first word.' });
  const near = /Did you mean (.+)\?/.exec(error.message)?.[1];
  return new RiskopsError('USAGE', {
    what: sentence(error),
    why: near && `did you mean ${near}?`,
    fix: `riskops ${chosen === undefined ? '' : `${chosen.name} `}--help`,
  });
}

function optionBeforeCommand(option: string, chosen: CommandEntry | undefined): RiskopsError {
  return new RiskopsError('USAGE', {
    what: `The option ${printable(option)} stands before the command.`,
    why: 'A command comes first, its options follow it.',
    fix: chosen ? `riskops ${chosen.name} ${printable(option)}` : undefined,
  });
}

function unknownCommand([first, second]: readonly string[]): RiskopsError {
  const group = commands.map(({ name }) => name).filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) {
    const names = [...new Set(commands.map(({ name }) => name.split(' ')[0]))];
    return new RiskopsError('USAGE', {
      what: `"${printable(first)}" is not a command.`,
      why: suggestWord(first, names),
    });
  }
  const asked = second === undefined ? first : `${first} ${second}`;
  return new RiskopsError('USAGE', {
    what: `"${printable(asked)}" is not a command.`,
    why: second === undefined ? `there is: ${group.join(', ')}` : suggestWord(asked, group),
    fix: `riskops ${first} --help`,
  });
}

/** Commander's message as a sentence of ours. */
function sentence(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, '')
    .split('\n')[0]
    .replace(/\.$/, '');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
