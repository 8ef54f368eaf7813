import { learnerFor, trainable } from '../models/all.js';
import { describeRange } from '../models/hyper.js';
import type { Learner } from '../models/learner.js';
import type { Command } from './command.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '[learner]',
  options: [],
  details:
    'Without a name: every learner that can be trained. With one: its options, what each takes and its default, for riskops train --set NAME=VALUE.\nExit code: 0 listed, 2 no such learner.',
  examples: ['riskops learners', 'riskops learners gradient-boosting', 'riskops learners lstm --json'],
  async run({ args: [name], output }) {
    const found = name === undefined ? trainable : enginesOf(name);
    output.result({ learners: found.map(shown) }, () =>
      name === undefined ? listLines(found) : found.flatMap(optionLines),
    );
    return undefined;
  },
};

/** A learner by each engine that runs it. @throws LEARNER_UNKNOWN */
function enginesOf(name: string): readonly Learner[] {
  const found = trainable.filter((learner) => learner.name === name);
  return found.length === 0 ? [learnerFor(name)] : found;
}

/** A learner as a program reads it. */
function shown({ name, engine, summary, tasks, stopsEarly, options }: Learner) {
  return {
    ...{ name, engine, summary, tasks, stops_early: stopsEarly === true },
    options: options.map((option) => ({
      name: option.name,
      default: option.default,
      takes: describeRange(option),
      description: option.description,
    })),
  };
}

function listLines(learners: readonly Learner[]): string[] {
  return [
    ...formatTable(
      ['learner', 'engine', 'tasks', 'what it is'],
      learners.map(({ name, engine, tasks, summary }) => [name, engine, tasks.join(', '), summary]),
    ),
    '',
    'Options of one: riskops learners NAME',
  ];
}

function optionLines({ name, engine, summary, tasks, options }: Learner, place: number): string[] {
  return [
    ...(place === 0 ? [] : ['']),
    `${name}, engine ${engine}: ${summary} Tasks: ${tasks.join(', ')}.`,
    ...(options.length === 0
      ? ['It has no options.']
      : formatTable(
          ['option', 'default', 'it takes', 'meaning'],
          options.map((option) => [
            option.name,
            option.default === null ? 'none' : String(option.default),
            describeRange(option),
            option.description,
          ]),
        )),
  ];
}
