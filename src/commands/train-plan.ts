import { basename } from 'node:path';
import type { Project } from '../config.js';
import { RiskopsError } from '../errors.js';
import { parseSteps } from '../features/recipe-file.js';
import { learnerFor } from '../models/all.js';
import { resolveHyper } from '../models/hyper.js';
import type { Task } from '../models/learner.js';
import { AUTO } from '../pipeline/auto.js';
import { parseAllowed } from '../pipeline/leaks.js';
import type { TrainPlan } from '../pipeline/train-plan.js';
import { printable, suggestWord } from '../util/text.js';
import type { CommandOption } from './command.js';
import { jsonOf, objectOf } from './json-option.js';

/** The learners by name; what else `--learner` takes is for the command to say. */
export const LEARNER_NAMES =
  'dummy, logistic, ridge, random-forest, gradient-boosting, isolation-forest, lstm';

/** The options that say what to learn from and how. */
export const trainOptions: readonly CommandOption[] = [
  {
    flag: '--model <name>',
    description: "the model's name; when not given it is the config's default, or the data file's name",
    setting: 'model',
  },
  {
    flag: '--data <source>',
    description: 'CSV, NDJSON or Parquet to learn from, a folder of such, or sqlite:FILE#SELECT ...',
    setting: 'data',
  },
  { flag: '--target <column>', description: 'the column to predict', setting: 'target' },
  {
    flag: '--task <task>',
    description: 'binary, multiclass or regression; told from the target when not given',
    setting: 'task',
  },
  {
    flag: '--positive <class>',
    description: 'the class whose probability is predicted; the larger one when not given',
    setting: 'positive',
  },
  {
    flag: '--learner <name>',
    description: LEARNER_NAMES,
    setting: 'learner',
  },
  {
    flag: '--engine <name>',
    description: 'whose code trains it: riskops, ml-random-forest or tfjs',
    setting: 'engine',
  },
  { flag: '--set <name=value...>', description: 'a hyper-parameter of the learner, such as trees=400' },
  {
    flag: '--split <rule>',
    description: 'rows held out: random:0.2, every:5:4, time:COLUMN:0.2, group:COLUMN:0.2, file:PATH',
    setting: 'split',
  },
  { flag: '--seed <number>', description: 'the seed of every random choice', setting: 'seed' },
  {
    flag: '--threads <number>',
    description: 'worker threads; the result is the same for any number',
    setting: 'threads',
  },
  { flag: '--drop <columns>', description: 'columns to leave out, separated by commas', setting: 'drop' },
  {
    flag: '--keep <columns>',
    description: 'columns to keep that would be left out, separated by commas',
    setting: 'keep',
  },
  { flag: '--time <column>', description: 'the column that orders the rows', setting: 'time' },
  { flag: '--series <column>', description: 'the column that tells series apart', setting: 'series' },
  {
    flag: '--horizon <steps>',
    description: 'make a forecaster that answers so many steps ahead',
    setting: 'horizon',
  },
  {
    flag: '--strategy <way>',
    description: 'recursive: each step of a forecast builds on the one before; direct: all on what is known',
    setting: 'strategy',
  },
  {
    flag: '--recipe <json>',
    description: "steps before the learner's own: a file, or JSON",
    setting: 'recipe',
  },
  { flag: '--weights <column>', description: 'how much each row counts', setting: 'weights' },
  {
    flag: '--class-weight <mode>',
    description: 'balanced: each class counts the same in all',
    setting: 'classWeight',
  },
  {
    flag: '--balance <way>',
    description: 'oversample or undersample the classes, in the rows of a fit alone',
    setting: 'balance',
  },
  {
    flag: '--validation <share>',
    description: 'share of the training rows that early stopping watches',
    setting: 'validation',
  },
  {
    flag: '--reshape <json>',
    description: "how rows are made of the data's: a file, or JSON",
    setting: 'reshape',
  },
  { flag: '--label <json>', description: 'how the target is made: a file, or JSON', setting: 'label' },
  {
    flag: '--allow <guards>',
    description:
      'leak guards to overrule, separated by commas: duplicates, ids, target-copy, time-order, fitted-on-all',
    setting: 'allow',
  },
  { flag: '--schema <file>', description: "a schema file with the columns' types", setting: 'schema' },
];

/** The plan in force for this call: flags, environment and the model's block of the config. */
export function trainPlan(project: Project, flags: Record<string, unknown>): TrainPlan {
  const asked = project.get<string | null>('model', flags) ?? onlyConfigured(project);
  const get = <T extends string | number | null | string[]>(key: string) => project.get<T>(key, flags, asked);
  const data = get<string | null>('data');
  const target = get<string | null>('target');
  if (data === null) {
    if (asked !== undefined) refuseUnknownModel(project, asked);
    throw missing('data', 'no data file', 'riskops train --data FILE --target COLUMN');
  }
  if (target === null)
    throw missing('target', 'no target column', `riskops train --data ${basename(data)} --target COLUMN`);
  const block = asked === undefined ? undefined : project.config.models?.[asked];
  const plan: TrainPlan = {
    model: asked ?? modelNameOf(data),
    data,
    target,
    task: get<Task | null>('task'),
    positive: get<string | null>('positive'),
    learner: get<string>('learner'),
    engine: get<string>('engine'),
    hyper: { ...hyperFor(block, get<string>('learner')), ...givenHyper(flags['set']) },
    split: splitFor(project, flags, asked),
    seed: get<number>('seed'),
    threads: get<number | null>('threads'),
    drop: get<string[]>('drop'),
    keep: get<string[]>('keep'),
    time: get<string | null>('time'),
    group: get<string | null>('series'),
    horizon: get<number | null>('horizon'),
    strategy: get<TrainPlan['strategy']>('strategy'),
    weights: get<string | null>('weights'),
    classWeight: get<'balanced' | null>('classWeight'),
    balance: get<TrainPlan['balance']>('balance'),
    validation: get<number>('validation'),
    allow: parseAllowed(get<string[]>('allow')),
    recipe: parseSteps(jsonOf('recipe', get<string | null>('recipe'))),
    reshape: objectOf('reshape', get<string | null>('reshape')),
    label: objectOf('label', get<string | null>('label')),
    schema: get<string | null>('schema'),
    policy: asked === undefined ? {} : project.policyOf(asked),
  };
  if (project.resolve('validation', flags, asked).origin === 'flag') checkValidation(plan);
  return plan;
}

/** A share that nobody watches: of a config it is harmless, but who types it expects it to do something. */
function checkValidation({ learner: name, engine, hyper: given }: TrainPlan): void {
  const refuse = (why: string, fix: string) =>
    new RiskopsError('OPTION_INVALID', {
      what: '--validation has nothing to do: early stopping alone watches these rows.',
      why,
      fix,
    });
  if (name === AUTO)
    throw refuse(
      'No learner that --learner auto tries stops early.',
      'leave out --validation, or name a learner',
    );
  const learner = learnerFor(name, engine);
  const hyper = resolveHyper(learner, given);
  if (learner.stopsEarly !== true)
    throw refuse(`The learner ${learner.name} does not stop early.`, 'leave out --validation');
  if ((hyper['early_stopping'] ?? null) === null)
    throw refuse(
      `The learner ${learner.name} has early_stopping=none.`,
      '--set early_stopping=20, or leave out --validation',
    );
}

/** Rows with an order are divided by it where nobody says otherwise: a forecast by time, machines and the like as wholes. */
function splitFor(project: Project, flags: Record<string, unknown>, model: string | undefined): string {
  const { value, origin } = project.resolve('split', flags, model);
  const time = project.get<string | null>('time', flags, model);
  if (origin !== 'default' || time === null) return String(value);
  const group = project.get<string | null>('series', flags, model);
  const horizon = project.get<number | null>('horizon', flags, model);
  return group !== null && horizon === null ? `group:${group}:0.2` : `time:${time}:0.2`;
}

/** The config's hyper-parameters belong to the config's learner: another one asked for by flag starts from its defaults. */
function hyperFor(
  block: { learner?: string; hyper?: Record<string, unknown> } | undefined,
  learner: string,
): Record<string, unknown> {
  return block?.hyper !== undefined && (block.learner === undefined || block.learner === learner)
    ? block.hyper
    : {};
}

function onlyConfigured(project: Project): string | undefined {
  const names = Object.keys(project.config.models ?? {});
  return names.length === 1 ? names[0] : undefined;
}

/** A name that the config has no block for is a new model only where the data is named as well. */
function refuseUnknownModel({ config, configPath }: Project, asked: string): void {
  const names = Object.keys(config.models ?? {});
  if (configPath === null || names.length === 0 || names.includes(asked)) return;
  throw new RiskopsError('MODEL_NOT_FOUND', {
    what: `${basename(configPath)} has no model "${printable(asked, 80)}", and no --data was given for a new one.`,
    why: suggestWord(asked, names),
    fix: `riskops train --model ${names[0]}`,
    details: { known: names },
  });
}

function missing(key: string, what: string, fix: string): RiskopsError {
  return new RiskopsError('USAGE', {
    what: `There is ${what} to train on.`,
    why: `Neither --${key} nor a config gives one.`,
    fix: `${fix}, or riskops init`,
  });
}

/** `my credit.csv.gz` -> `my_credit` */
export function modelNameOf(path: string): string {
  const stem = basename(path)
    .normalize('NFC')
    .replace(/\.gz$/i, '')
    .replace(/\.[a-z]+$/i, '');
  return (
    stem
      .replace(/[^\p{L}\p{N}._-]+/gu, '_')
      .replace(/^[^\p{L}\p{N}]+/u, '')
      .slice(0, 64) || 'model'
  );
}

function givenHyper(given: unknown): Record<string, string> {
  const pairs = Array.isArray(given) ? given : [];
  return Object.fromEntries(
    pairs.map((pair: string) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new RiskopsError('LEARNER_OPTION_INVALID', {
        what: `--set ${pair}: it must be name=value.`,
        fix: 'riskops train --set trees=400',
      });
    }),
  );
}
