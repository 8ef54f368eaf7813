import { JsonShape } from '../datasets/json-shape.js';
import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { recipeShape } from './recipe-shape.js';
import {
  checkSettings,
  type Frame,
  type FrameColumn,
  RECIPE_FIX,
  type StepConfig,
  type StepSetting,
} from './step.js';

type Kind = FrameColumn['kind'];

const MOST_ENTRIES = 10_000;

/** The farthest row before that a step may look at. */
export const MOST_BACK = 10_000;

/** Kinds whose cells are numbers to compute with. */
export const NUMBERS: readonly Kind[] = ['number', 'indicator', 'past'];

/** The settings of a step, whether a user wrote them or a model file holds them: only the error of a fault differs. */
export class StepSettings {
  constructor(
    private readonly shape: JsonShape,
    private readonly values: Record<string, unknown>,
    private readonly where: string,
    readonly frame: Frame,
  ) {}

  fail(why: string): never {
    return this.shape.fail(why);
  }

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  private place(name: string): string {
    return `${this.where}.${name}`;
  }

  private indexOf(value: unknown, where: string, kinds: readonly Kind[]): number {
    const name = this.shape.text(value, where);
    const index = this.frame.findIndex((column) => column.name === name);
    if (index < 0) {
      const names = this.frame.map((column) => column.name);
      this.fail(
        `${where} is "${printable(name)}", which is no column here: ${printable(suggestWord(name, names), 400)}`,
      );
    }
    const column = this.frame[index];
    const isFit = kinds.includes(column.kind) && !(isPastCategory(column) && !kinds.includes('category'));
    if (!isFit) {
      const kind = isPastCategory(column) ? 'category' : column.kind;
      this.fail(`${where} is "${printable(name)}", which this step cannot use: it ${UNFIT[kind]}.`);
    }
    return index;
  }

  /** A column by its name: its index in the frame. */
  column(name: string, kinds: readonly Kind[]): number {
    return this.indexOf(this.values[name], this.place(name), kinds);
  }

  /** Columns by their names; when left out, every one of these kinds. */
  columns(name: string, kinds: readonly Kind[], must = false): number[] {
    if (!this.has(name) && !must) {
      return this.frame.flatMap((column, i) =>
        kinds.includes(column.kind) && column.kind !== 'time' && !isPastCategory(column) ? [i] : [],
      );
    }
    const list = this.shape.texts(this.values[name], this.place(name), MOST_ENTRIES);
    if (list.length === 0) this.fail(`${this.place(name)} is empty.`);
    return list.map((value, i) => this.indexOf(value, `${this.place(name)}[${i}]`, kinds));
  }

  /** Refuses a step that would make more columns than any recipe may have, before they are made. */
  checkCount(columns: number): void {
    if (columns > MOST_ENTRIES) this.fail(`It would make ${columns} columns, more than ${MOST_ENTRIES}.`);
  }

  text(name: string): string {
    return this.shape.text(this.values[name], this.place(name));
  }

  number(name: string, low: number, high: number, otherwise: number): number {
    if (!this.has(name)) return otherwise;
    const value = this.shape.number(this.values[name], this.place(name));
    if (value < low || value > high)
      this.fail(`${this.place(name)} is ${value}, not a number from ${low} to ${high}.`);
    return value;
  }

  whole(name: string, low: number, high: number, otherwise: number): number {
    return this.has(name) ? this.wholeAt(this.values[name], this.place(name), low, high) : otherwise;
  }

  private wholeAt(value: unknown, where: string, low: number, high: number): number {
    const whole = this.shape.number(value, where);
    if (!Number.isInteger(whole) || whole < low || whole > high)
      this.fail(`${where} is ${whole}, not a whole number from ${low} to ${high}.`);
    return whole;
  }

  /** Different whole numbers; a single one may stand without a list. */
  wholes(name: string, low: number, high: number, otherwise?: number[]): number[] {
    if (!this.has(name) && otherwise !== undefined) return otherwise;
    const value = this.values[name];
    if (value === undefined) this.fail(`${this.place(name)} is not given.`);
    const list = this.shape.list(typeof value === 'number' ? [value] : value, this.place(name), 1_000);
    if (list.length === 0) this.fail(`${this.place(name)} is empty.`);
    const wholes = list.map((item, i) => this.wholeAt(item, `${this.place(name)}[${i}]`, low, high));
    if (new Set(wholes).size < wholes.length) this.fail(`${this.place(name)} has an entry twice.`);
    return wholes;
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    return this.has(name) ? this.choiceAt(this.values[name], this.place(name), choices) : otherwise;
  }

  private choiceAt<T extends string>(value: unknown, where: string, choices: readonly T[]): T {
    const text = this.shape.text(value, where);
    if (!choices.includes(text as T))
      this.fail(`${where} is "${printable(text, 40)}": ${suggestWord(text, choices)}`);
    return text as T;
  }

  /** Different words out of some. */
  choices<T extends string>(name: string, choices: readonly T[], otherwise?: readonly T[]): readonly T[] {
    if (!this.has(name) && otherwise !== undefined) return otherwise;
    const list = this.shape.texts(this.values[name], this.place(name), choices.length);
    if (list.length === 0) this.fail(`${this.place(name)} is empty.`);
    return list.map((value, i) => this.choiceAt(value, `${this.place(name)}[${i}]`, choices));
  }
}

const UNFIT: Record<Kind, string> = {
  number: 'is a number',
  category: 'is a category',
  indicator: 'is an indicator',
  time: 'orders the rows',
  group: 'tells the series apart',
  past: 'is known only up to the row before',
};

const isPastCategory = (column: FrameColumn) => column.kind === 'past' && column.categories !== undefined;

/** The settings as a user wrote them. @throws FEATURES_INVALID naming the first fault */
export function userSettings(config: StepConfig, frame: Frame, known: readonly StepSetting[]): StepSettings {
  checkSettings(
    config,
    known.map(({ name }) => name),
  );
  const shape: JsonShape = new JsonShape(
    (why) =>
      new RiskopsError('FEATURES_INVALID', {
        what: `The recipe step "${config.kind}" cannot be used.`,
        why,
        fix: RECIPE_FIX,
      }),
  );
  return new StepSettings(shape, config, config.kind, frame);
}

/** The settings as a model file holds them. @throws MODEL_FILE_INVALID naming the first fault */
export function fileSettings(
  json: unknown,
  where: string,
  frame: Frame,
  known: readonly StepSetting[],
): StepSettings {
  const names = known.map(({ name }) => name);
  return new StepSettings(recipeShape, recipeShape.object(json, where, ['kind'], names), where, frame);
}
