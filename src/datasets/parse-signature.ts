import { RiskopsError } from '../errors.js';
import { JsonShape } from './json-shape.js';
import { COLUMN_TYPES } from './schema.js';
import { FEATURE_ROLES, type Feature, type Signature, type TargetSpec } from './signature.js';
import type { ColumnType } from './table.js';
import { type ClassValue, MOST_CLASSES } from './target.js';

const MOST_FEATURES = 10_000;
const MOST_CATEGORIES = 1_000_000;

const shape: JsonShape = new JsonShape(
  (why) =>
    new RiskopsError('MODEL_FILE_INVALID', {
      what: 'The signature in the model file is not one.',
      why,
      fix: 'riskops doctor',
    }),
);

/** The years 0000 to 9999, which dates as text can name. */
const [FIRST_DATE, LAST_DATE] = [-62_167_219_200_000, 253_402_300_799_999];

function parseRange(
  json: Record<string, unknown>,
  where: string,
  type: ColumnType,
): Pick<Feature, 'min' | 'max'> {
  if (json['min'] === undefined && json['max'] === undefined) return {};
  const min = shape.number(json['min'], `${where}.min`);
  const max = shape.number(json['max'], `${where}.max`);
  if (min > max) shape.fail(`${where} has a min above its max.`);
  if (type === 'date' && (min < FIRST_DATE || max > LAST_DATE))
    shape.fail(`${where} has a range beyond all dates.`);
  return { min, max };
}

/** More rows between a row and what it knows than any forecast has steps. */
const MOST_AHEAD = 100_000;

/** The role of a feature, where it has one, and whether its type may have it. */
function parseRole(
  { role: value, ahead }: Record<string, unknown>,
  where: string,
  type: ColumnType,
): Pick<Feature, 'role' | 'ahead'> {
  if (ahead !== undefined) {
    const rows = shape.number(ahead, `${where}.ahead`);
    if (value !== 'past' || !Number.isInteger(rows) || rows < 2 || rows > MOST_AHEAD)
      shape.fail(`${where}.ahead is not a whole number from 2 to ${MOST_AHEAD} of a past column.`);
    return { role: value as 'past', ahead: rows };
  }
  if (value === undefined) return {};
  const role = shape.choice(value, `${where}.role`, FEATURE_ROLES);
  if (role === 'time' && (type === 'category' || type === 'boolean'))
    shape.fail(`${where} is a time of type ${type}.`);
  return { role };
}

function parseFeature(value: unknown, where: string): Feature {
  const json = shape.object(
    value,
    where,
    ['name', 'type', 'nullable'],
    ['min', 'max', 'categories', 'role', 'ahead'],
  );
  const name = shape.text(json['name'], `${where}.name`);
  const type = shape.choice(json['type'], `${where}.type`, COLUMN_TYPES);
  const role = parseRole(json, where, type);
  const nullable = shape.boolean(json['nullable'], `${where}.nullable`);
  const isGroup = role.role === 'group';
  if (type !== 'category' || isGroup) {
    if (json['categories'] !== undefined)
      shape.fail(`${where} has categories, but is ${isGroup ? 'a group' : `of type ${type}`}.`);
    return { name, type, ...role, nullable, ...parseRange(json, where, type) };
  }
  if (json['min'] !== undefined || json['max'] !== undefined)
    shape.fail(`${where} has a range, but is a category.`);
  return {
    name,
    type,
    ...role,
    nullable,
    categories: shape.texts(json['categories'], `${where}.categories`, MOST_CATEGORIES),
  };
}

/** One time and one group at most. */
function checkRoles(features: readonly Feature[]): void {
  for (const role of ['time', 'group'] as const) {
    if (features.filter((feature) => feature.role === role).length > 1)
      shape.fail(`features has more than one ${role}.`);
  }
}

function parseClass(value: unknown, where: string): ClassValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return shape.number(value, where);
}

function parseTarget(value: unknown): TargetSpec {
  const json = shape.object(value, 'target', ['name', 'type', 'classes']);
  const name = shape.text(json['name'], 'target.name');
  const type = shape.choice(json['type'], 'target.type', COLUMN_TYPES);
  if (json['classes'] === null) return { name, type, classes: null };
  const classes = shape
    .list(json['classes'], 'target.classes', MOST_CLASSES)
    .map((item, i) => parseClass(item, `target.classes[${i}]`));
  // By their text: so they stand as keys of an answer and as names of columns.
  if (classes.length < 2 || new Set(classes.map(String)).size < classes.length)
    shape.fail('target.classes are not two or more different values.');
  return { name, type, classes };
}

/**
 * A signature out of a model file, every part checked: a file may come from anywhere. MODEL_FILE_INVALID names the
 * first fault.
 */
export function parseSignature(value: unknown): Signature {
  const json = shape.object(value, 'signature', ['features', 'target'], ['missing']);
  const features = shape
    .list(json['features'], 'features', MOST_FEATURES)
    .map((feature, i) => parseFeature(feature, `features[${i}]`));
  if (features.length === 0) shape.fail('features is empty.');
  if (new Set(features.map(({ name }) => name)).size < features.length)
    shape.fail('features has a name twice.');
  checkRoles(features);
  const target = parseTarget(json['target']);
  if (json['missing'] === undefined) return { features, target };
  return { features, target, missing: shape.texts(json['missing'], 'missing', 1_000) };
}
