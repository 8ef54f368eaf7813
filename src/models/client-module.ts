import type { Feature } from '../datasets/signature.js';
import type { ClassValue } from '../datasets/target.js';
import { packageVersion } from '../util/package.js';
import { printable } from '../util/text.js';
import type { ModelHeader } from './model-header.js';

/** Above this many a union of texts is of no use to a reader. */
const MOST_NAMED = 200;

export interface ClientModuleOptions {
  model: string;
  version: number;
  /** Features that the server looks up: a row may leave them out. */
  lookedUp?: readonly string[];
  /** Fields that a row has besides the features, as the key of a lookup. */
  beside?: readonly string[];
}

/** Characters that are not seen, or turn the direction of the text around them. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu;

const escaped = (text: string) =>
  Array.from(
    { length: text.length },
    (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

/** Text as a literal of TypeScript: in double quotes, nothing in it can end the literal or the line, or hide. */
const literal = (text: string) => JSON.stringify(text).replace(UNSEEN, escaped);

/** Text as it may stand in a comment. */
const comment = (text: string) => printable(text, 120).replaceAll('*/', '*\\/');

const classLiteral = (value: ClassValue) => (typeof value === 'string' ? literal(value) : String(value));

/** A name that TypeScript takes: `credit-default` -> `CreditDefault`. */
function identifierOf(model: string): string {
  const words = model.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[\p{L}]/u.test(name) ? name : `Model${name}`;
}

function typeOf({ type, role, categories = [] }: Feature): string {
  if (role === 'group') return 'string | number';
  if (type === 'boolean') return 'boolean';
  if (type === 'date') return 'string';
  if (type !== 'category') return 'number';
  return categories.length === 0 || categories.length > MOST_NAMED
    ? 'string'
    : categories.map(literal).join(' | ');
}

function rangeOf({ type, min, max }: Feature): string | null {
  if (min === undefined || max === undefined || type === 'boolean') return null;
  if (type === 'date') return null;
  return `from ${min} to ${max} in training`;
}

function fieldOf(feature: Feature, lookedUp: readonly string[]): string[] {
  const { name, nullable, role } = feature;
  const canBeMissing = nullable && role !== 'time' && role !== 'group';
  const isLookedUp = lookedUp.includes(name);
  const facts = [rangeOf(feature), isLookedUp ? 'looked up by the server when left out' : null];
  const said = facts.filter((fact) => fact !== null).join('; ');
  return [
    ...(said === '' ? [] : [`  /** ${comment(said)} */`]),
    `  ${literal(name)}${isLookedUp ? '?' : ''}: ${typeOf(feature)}${canBeMissing ? ' | null' : ''};`,
  ];
}

/** The fields of an answer, by the task. */
function answerFields({ task, classes, threshold }: ModelHeader): string[] {
  const union = (classes ?? []).map(classLiteral).join(' | ');
  if (task === 'multiclass' && classes !== null) {
    const probabilities = classes.map((name) => `${literal(String(name))}: number`).join('; ');
    return [
      `  prediction: ${union};`,
      `  class: ${union};`,
      '  /** Of each class, by its text. */',
      `  probabilities: { ${probabilities} };`,
    ];
  }
  if (task === 'regression') return ["  /** In the target's unit. */", '  prediction: number;'];
  return [
    `  /** The probability of ${comment(classes === null ? 'the positive class' : literal(String(classes[1])))}. */`,
    '  prediction: number;',
    ...(threshold === null ? [] : [`  class: ${union};`]),
  ];
}

/**
 * A TypeScript module with the types of a model and a client that has them. Names out of the data stand in literals alone, so that none of them
 * can become code.
 */
export function clientModule(header: ModelHeader, options: ClientModuleOptions): string {
  const { model, version, lookedUp = [], beside = [] } = options;
  const { signature } = header;
  const name = identifierOf(model);
  const own = new Set(signature.features.map((feature) => feature.name));
  return [
    `// Made by riskops ${packageVersion()} of version ${version} of the model ${comment(literal(model))}: riskops client --model ${comment(model)}`,
    "import { type Client, type ClientOptions, createClient } from 'riskops/client';",
    '',
    `/** What the model takes, by the names of its features. */`,
    `export interface ${name}Row {`,
    ...signature.features.flatMap((feature) => fieldOf(feature, lookedUp)),
    ...beside.filter((field) => !own.has(field)).map((field) => `  ${literal(field)}?: string | number;`),
    '}',
    '',
    '/** What it says of a row. */',
    `export interface ${name}Answer {`,
    ...answerFields(header),
    '}',
    '',
    `export type ${name}Client = Client<${name}Row, ${name}Answer>;`,
    '',
    `export function create${name}Client(options: Omit<ClientOptions, 'model'>): ${name}Client {`,
    `  return createClient<${name}Row, ${name}Answer>({ ...options, model: ${literal(model)} });`,
    '}',
    '',
  ].join('\n');
}
