import type { Task } from '../learner.js';
import { floatBelow } from '../trees/float32.js';
import { type CategoryNumbers, MOST_CATEGORIES } from './cell-rules.js';
import type { ImportedFeature, ImportedModel, Link } from './imported-model.js';
import { forestOf, importFault, type RawTree } from './raw-tree.js';

type Json = Record<string, unknown>;

/** XGBoost writes NaN, which is not JSON, where a node has no threshold. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?\bNaN\b|-?\bInfinity\b/g, (token) =>
      token.startsWith('"') ? token : 'null',
    );
    try {
      return JSON.parse(strict);
    } catch (error) {
      throw importFault(
        `It is not JSON: ${(error as Error).message}`,
        'save it with booster.save_model("FILE.json")',
      );
    }
  }
}

function objectAt(value: unknown, where: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw importFault(`It has no ${where}: it is not the JSON of an XGBoost model.`);
}

/** The object at a path of keys. */
function within(json: Json, ...path: string[]): Json {
  return path.reduce(
    (at, key, i) => objectAt(Object.hasOwn(at, key) ? at[key] : undefined, path.slice(0, i + 1).join('.')),
    json,
  );
}

function numbersAt(tree: Json, name: string, length: number | null, where: string): number[] {
  const list = tree[name];
  const isList = Array.isArray(list) && (length === null || list.length === length);
  if (
    !isList ||
    !list.every((item) => typeof item === 'number' || typeof item === 'boolean' || item === null)
  )
    throw importFault(`${where} has no list "${name}"${length === null ? '' : ` of ${length} numbers`}.`);
  return list.map((item) => (item === null ? Number.NaN : Number(item)));
}

/** Of each node with a set of categories the set, which goes right. */
function rightSets(tree: Json, where: string): Map<number, CategoryNumbers> {
  if (!Array.isArray(tree['categories_nodes'])) return new Map();
  const nodes = numbersAt(tree, 'categories_nodes', null, where);
  const from = numbersAt(tree, 'categories_segments', nodes.length, where);
  const size = numbersAt(tree, 'categories_sizes', nodes.length, where);
  const categories = numbersAt(tree, 'categories', null, where);
  if (!categories.every((number) => Number.isInteger(number) && number >= 0 && number < MOST_CATEGORIES))
    throw importFault(`${where} has a category that is not a whole number below ${MOST_CATEGORIES}.`);
  return new Map(nodes.map((node, i) => [node, categories.slice(from[i], from[i] + size[i])]));
}

interface ReadTree {
  raw: RawTree;
  right: Map<number, CategoryNumbers>;
}

function readTree(value: unknown, tree: number): ReadTree {
  const where = `Tree ${tree}`;
  const json = objectAt(value, `tree ${tree}`);
  const left = numbersAt(json, 'left_children', null, where);
  const count = left.length;
  if (count === 0) throw importFault(`${where} has no node.`);
  const read = (name: string) => numbersAt(json, name, count, where);
  const conditions = read('split_conditions').map(Math.fround);
  const isLeaf = left.map((child) => child === -1);
  const right = rightSets(json, where);
  const raw: RawTree = {
    feature: read('split_indices').map((feature, i) => (isLeaf[i] ? -1 : feature)),
    threshold: conditions.map((condition, i) => (isLeaf[i] || right.has(i) ? 0 : floatBelow(condition))),
    set: new Array(count).fill(null),
    missingLeft: read('default_left').map((side) => side === 1),
    ...{ left, right: read('right_children') },
    value: conditions.map((condition, i) => (isLeaf[i] ? condition : 0)),
    cover: read('sum_hessian'),
    gain: read('loss_changes').map((gain, i) => (isLeaf[i] ? 0 : gain)),
  };
  return { raw, right };
}

/**
 * Gives each node with a set its question, and counts the categories of each feature: one more than those that go right
 * somewhere, a spare one that stands for those unknown, which go left.
 */
function setLeft(trees: readonly ReadTree[], featureCount: number): Int32Array {
  const categories = new Int32Array(featureCount);
  for (const { raw, right } of trees) {
    for (const [node, set] of right) {
      const feature = raw.feature[node];
      const numbers = [...new Set(set)];
      const most = numbers.reduce((a, b) => Math.max(a, b), -1);
      categories[feature] = Math.max(categories[feature] ?? 0, most + 2);
      raw.set[node] = { numbers, side: 'right' };
    }
  }
  return categories;
}

interface Objective {
  task: Task;
  classCount: number;
  link: Link;
  /** Where a sum begins, from the base score that the file has in terms of the answer. */
  marginOf(score: number): number;
}

const IDENTITY = [
  'reg:squarederror',
  'reg:linear',
  'reg:absoluteerror',
  'reg:pseudohubererror',
  'reg:quantileerror',
  'reg:squaredlogerror',
];
const EXP = ['count:poisson', 'reg:gamma', 'reg:tweedie'];
const CLASSES = ['multi:softprob', 'multi:softmax'];

function objectiveOf(name: unknown, classes: number): Objective {
  const same = (score: number) => score;
  const regression = { task: 'regression' as const, classCount: 0 };
  if (IDENTITY.includes(name as string)) return { ...regression, link: 'identity', marginOf: same };
  if (EXP.includes(name as string)) return { ...regression, link: 'exp', marginOf: Math.log };
  if (name === 'binary:logistic')
    return { task: 'binary', classCount: 2, link: 'sigmoid', marginOf: (score) => -Math.log(1 / score - 1) };
  if (CLASSES.includes(name as string) && classes > 2)
    return { task: 'multiclass', classCount: classes, link: 'softmax', marginOf: same };
  throw importFault(
    `Its objective is "${String(name)}"; riskops imports ${[...IDENTITY, ...EXP, 'binary:logistic', ...CLASSES].join(', ')}.`,
  );
}

/** One score, or one a class: a number as text, in later versions a list of them in brackets. */
function basesOf(text: unknown, outputs: number, { marginOf }: Objective): number[] {
  const scores = String(text)
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((word) => Math.fround(Number(word || Number.NaN)));
  const margins = scores.map((score) => Math.fround(marginOf(score)));
  if (margins.every(Number.isFinite)) {
    if (margins.length === 1) return new Array(outputs).fill(margins[0]);
    if (margins.length === outputs) return margins;
  }
  throw importFault(`Its base_score is "${String(text)}".`);
}

/** The trees class by class in turn, each class's own in their order. */
function inTurn(trees: RawTree[], info: unknown, outputs: number): RawTree[] {
  if (outputs === 1) return trees;
  if (!Array.isArray(info) || info.length !== trees.length)
    throw importFault('It has no tree_info for each tree.');
  const byClass = Array.from({ length: outputs }, (_, k) => trees.filter((_, tree) => info[tree] === k));
  if (byClass.some((own) => own.length * outputs !== trees.length))
    throw importFault('Its classes do not have the same number of trees.');
  return byClass[0].flatMap((_, round) => byClass.map((own) => own[round]));
}

function featuresOf(learner: Json, categories: Int32Array): ImportedFeature[] {
  const texts = (key: string): string[] => {
    const list = learner[key] ?? [];
    if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
    throw importFault(`Its ${key} are not texts.`);
  };
  const [names, types] = [texts('feature_names'), texts('feature_types')];
  const count = categories.length;
  if (names.length > 0 && (names.length !== count || new Set(names).size !== count))
    throw importFault(`It has no ${count} different names of features.`);
  return Array.from(categories, (known, i) => {
    // A category feature that no tree asks for is taken as a number.
    const isCode = known > 0;
    if (isCode && types.length > 0 && types[i] !== 'c')
      throw importFault(
        `Feature ${i} is a category in a tree, and of type "${types[i]}" in the list of types.`,
      );
    return {
      name: names[i] ?? `f${i}`,
      rule: isCode ? { kind: 'code', other: known - 1 } : { kind: 'number' },
      categories: null,
    };
  });
}

/**
 * An XGBoost model (booster gbtree) out of its JSON, with the meaning that XGBoost's own prediction gives it. XGBoost asks whether a
 * float32 is < the threshold: here it is asked whether it is <= the float32 before it.
 * @throws IMPORT_INVALID naming what is damaged, or what riskops cannot run
 */
export function parseXgboost(text: string): ImportedModel {
  const whole = objectAt(parseLoosely(text), 'object');
  const learner = within(whole, 'learner');
  const booster = within(learner, 'gradient_booster');
  if (booster['name'] !== 'gbtree')
    throw importFault(`Its booster is "${String(booster['name'])}"; riskops imports gbtree.`);
  const model = within(booster, 'model');
  const params = within(learner, 'learner_model_param');
  if (Number(params['num_target'] ?? 1) > 1) throw importFault('It has more than one target.');
  const objective = objectiveOf(within(learner, 'objective')['name'], Number(params['num_class']));
  const outputs = objective.task === 'multiclass' ? objective.classCount : 1;
  const featureCount = Number(params['num_feature']);
  if (!(Number.isInteger(featureCount) && featureCount > 0 && featureCount <= 32_767))
    throw importFault('It has no number of features up to 32767.');
  if (!Array.isArray(model['trees'])) throw importFault('It has no trees.');
  const trees = model['trees'].map(readTree);
  const categories = setLeft(trees, featureCount);
  const raws = inTurn(
    trees.map(({ raw }) => raw),
    model['tree_info'],
    outputs,
  );
  const { task, classCount, link } = objective;
  return {
    program: 'xgboost',
    programVersion: Array.isArray(whole['version']) ? whole['version'].join('.') : '',
    objective: String(within(learner, 'objective')['name']),
    ...{ task, classCount, link, slope: 1 },
    features: featuresOf(learner, categories),
    forest: forestOf(raws, { featureCount, categories, outputs }),
    base: basesOf(params['base_score'], outputs, objective),
    single: true,
  };
}
