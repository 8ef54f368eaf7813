import type { Task } from '../learner.js';
import { type CategoryNumbers, type CellRule, MOST_CATEGORIES } from './cell-rules.js';
import type { ImportedFeature, ImportedModel, Link } from './imported-model.js';
import { forestOf, importFault, type RawTree } from './raw-tree.js';

type Fields = Map<string, string>;

/** The bits of a node's decision_type. */
const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;
const missingType = (decision: number): Missing => (['none', 'zero', 'nan'] as const)[(decision >> 2) & 3];
type Missing = 'none' | 'zero' | 'nan' | undefined;

interface Sections {
  header: Fields;
  trees: Fields[];
  /** The JSON of the last line, which the Python package writes. */
  pandasCategories: unknown;
}

function fieldsOf(lines: readonly string[]): Fields {
  return new Map(
    lines.map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** Blocks of `key=value` lines: the header, then one a tree, each ended by an empty line. */
function sectionsOf(text: string): Sections {
  const end = text.indexOf('\nend of trees');
  if (!/^tree\r?\n/.test(text) || end < 0)
    throw importFault(
      'It is not the text of a whole LightGBM model: it does not begin with "tree", or has no "end of trees".',
      'save it with booster.save_model(FILE)',
    );
  const blocks = text
    .slice(0, end)
    .split(/\r?\n(?:\r?\n)+/)
    .map((block) => block.split(/\r?\n/).filter((line) => line !== ''));
  const pandas = /\npandas_categorical:(.*)/.exec(text.slice(end))?.[1] ?? 'null';
  let pandasCategories: unknown;
  try {
    pandasCategories = JSON.parse(pandas);
  } catch {
    throw importFault('Its line pandas_categorical is not JSON.');
  }
  return {
    header: fieldsOf(blocks[0]),
    trees: blocks
      .slice(1)
      .filter(([first]) => first?.startsWith('Tree='))
      .map(fieldsOf),
    pandasCategories,
  };
}

function numbersOf(fields: Fields, name: string, length: number, where: string): number[] {
  const text = fields.get(name);
  if (text === undefined) throw importFault(`${where} has no ${name}.`);
  const numbers = text.trim() === '' ? [] : text.trim().split(/\s+/).map(Number);
  if (numbers.length !== length)
    throw importFault(`${where} has ${numbers.length} numbers as ${name}, where ${length} belong.`);
  return numbers;
}

function wholeNumber(fields: Fields, name: string, where: string): number {
  const number = Number(fields.get(name) || Number.NaN);
  if (Number.isInteger(number) && number >= 0) return number;
  throw importFault(`${where} has no ${name}.`);
}

/** The categories of each set: bits of 32-bit words. */
function setsOf(fields: Fields, where: string): CategoryNumbers[] {
  const count = Number(fields.get('num_cat') ?? 0);
  if (!(count > 0)) return [];
  const bounds = numbersOf(fields, 'cat_boundaries', count + 1, where);
  const words = numbersOf(fields, 'cat_threshold', bounds[count], where);
  return Array.from({ length: count }, (_, i) => {
    const numbers: number[] = [];
    for (const [at, word] of words.slice(bounds[i], bounds[i + 1]).entries()) {
      for (let bit = 0; bit < 32; bit++) if ((word >>> bit) & 1) numbers.push(32 * at + bit);
    }
    if (numbers.some((number) => number >= MOST_CATEGORIES))
      throw importFault(`${where} has a category above ${MOST_CATEGORIES}.`);
    return numbers;
  });
}

/** A tree with its leaves behind its other nodes, and how each node treats missing values. */
function readTree(fields: Fields, tree: number): { raw: RawTree; missing: Missing[] } {
  const where = `Tree ${tree}`;
  if (Number(fields.get('is_linear') ?? 0) !== 0)
    throw importFault(`${where} has linear models in its leaves (linear_tree), which riskops does not run.`);
  const leaves = wholeNumber(fields, 'num_leaves', where);
  if (leaves < 1) throw importFault(`${where} has no leaves.`);
  const nodes = leaves - 1;
  const read = (name: string, length = nodes) => (nodes === 0 ? [] : numbersOf(fields, name, length, where));
  const decisions = read('decision_type');
  const thresholds = read('threshold');
  const sets = setsOf(fields, where);
  const missing = decisions.map(missingType);
  const child = (from: number) => (from < 0 ? nodes + ~from : from);
  const none = <T>(value: T): T[] => new Array(leaves).fill(value);
  const raw: RawTree = {
    feature: [...read('split_feature'), ...none(-1)],
    threshold: [...thresholds, ...none(0)],
    set: [
      ...decisions.map((decision, i) => {
        if ((decision & CATEGORICAL) === 0) return null;
        const found = sets[thresholds[i]];
        if (found === undefined) throw importFault(`${where} has no set of categories for node ${i}.`);
        return { numbers: found, side: 'left' as const };
      }),
      ...none(null),
    ],
    missingLeft: [
      ...decisions.map((decision, i) => {
        // A category that is missing is in no set. A number that no missing value was seen of is read as 0.
        if (decision & CATEGORICAL) return false;
        return missing[i] === 'none' ? thresholds[i] >= 0 : (decision & DEFAULT_LEFT) !== 0;
      }),
      ...none(false),
    ],
    left: [...read('left_child').map(child), ...none(-1)],
    right: [...read('right_child').map(child), ...none(-1)],
    value: [...new Array(nodes).fill(0), ...numbersOf(fields, 'leaf_value', leaves, where)],
    cover: [...read('internal_count'), ...(nodes === 0 ? [0] : read('leaf_count', leaves))],
    gain: [...read('split_gain'), ...none(0)],
  };
  return { raw, missing };
}

interface Objective {
  task: Task;
  classCount: number;
  link: Link;
  slope: number;
}

const IDENTITY = ['regression', 'regression_l1', 'huber', 'fair', 'quantile', 'mape'];
const EXP = ['poisson', 'gamma', 'tweedie'];

/** What the line `objective` says: a name, and settings such as `sigmoid:1`. */
function objectiveOf(line: string | undefined, classes: number): Objective {
  const [name, ...words] = (line ?? '').split(' ');
  const settings = new Map(words.map((word) => word.split(':') as [string, string]));
  const regression = { task: 'regression' as const, classCount: 0, slope: 1 };
  if (IDENTITY.includes(name) && words[0] !== 'sqrt') return { ...regression, link: 'identity' };
  if (EXP.includes(name)) return { ...regression, link: 'exp' };
  if (name === 'binary') {
    const slope = Number(settings.get('sigmoid') ?? 1);
    if (Number.isFinite(slope) && slope > 0) return { task: 'binary', classCount: 2, link: 'sigmoid', slope };
  }
  if (name === 'multiclass' && classes > 2)
    return { task: 'multiclass', classCount: classes, link: 'softmax', slope: 1 };
  throw importFault(
    line === undefined
      ? 'It names no objective: it was trained with a function of its own.'
      : `Its objective is "${line}"; riskops imports ${[...IDENTITY, ...EXP].join(', ')}, binary and multiclass.`,
  );
}

/** Of each feature how its missing values are treated, which all trees agree on. */
function missingByFeature(trees: readonly { raw: RawTree; missing: Missing[] }[], count: number): Missing[] {
  const found: Missing[] = new Array(count).fill(undefined);
  for (const { raw, missing } of trees) {
    for (const [node, kind] of missing.entries()) {
      const feature = raw.feature[node];
      if (raw.set[node] !== null) continue;
      if (kind === undefined || (found[feature] ?? kind) !== kind)
        throw importFault(`Its trees do not agree on the missing values of feature ${feature}.`);
      found[feature] = kind;
    }
  }
  return found;
}

/** The lists of categories that pandas had, one a categorical feature in order; null where the file has none. */
function pandasLists(value: unknown, isCategorical: boolean[]): (unknown[] | null)[] {
  const none = isCategorical.map(() => null);
  if (value === null || (Array.isArray(value) && value.length === 0)) return none;
  const count = isCategorical.filter(Boolean).length;
  if (!Array.isArray(value) || value.length !== count || !value.every(Array.isArray)) {
    throw importFault(
      `Its lists of categories (pandas_categorical) are not one for each of its ${count} categorical features.`,
      'train with the codes of the categories as whole numbers',
    );
  }
  const lists = [...(value as unknown[][])];
  return isCategorical.map((is) => (is ? (lists.shift() as unknown[]) : null));
}

function featureOf(
  name: string,
  list: unknown[] | null,
  categories: number,
  missing: Missing,
): ImportedFeature {
  if (categories === 0)
    return { name, rule: { kind: missing === 'zero' ? 'zero-missing' : 'number' }, categories: null };
  if (list === null) return { name, rule: { kind: 'code', other: -1 }, categories: null };
  if (list.every((item) => typeof item === 'string')) {
    // A signature has its categories in sorted order.
    const texts = [...(list as string[])].sort();
    return {
      name,
      rule: { kind: 'category', codes: texts.map((text) => list.indexOf(text)) },
      categories: texts,
    };
  }
  const values = list.map(Number);
  if (!values.every(Number.isFinite))
    throw importFault(`The categories of feature "${name}" are neither texts nor numbers.`);
  const rule: CellRule = { kind: 'value', values };
  return { name, rule, categories: null };
}

/** Of each feature one more than the greatest category that a tree asks for, or the length of its list. */
function categoryCounts(trees: readonly { raw: RawTree }[], lists: (unknown[] | null)[]): Int32Array {
  const counts = Int32Array.from(lists, (list) => list?.length ?? 0);
  for (const { raw } of trees) {
    for (const [node, set] of raw.set.entries()) {
      if (set === null) continue;
      const feature = raw.feature[node];
      counts[feature] = Math.max(counts[feature] ?? 0, 1, ...set.numbers.slice(-1).map((last) => last + 1));
    }
  }
  return counts;
}

/**
 * A LightGBM model (format v3 or v4) out of its text, with the meaning that LightGBM's own prediction gives it: numbers <= threshold go
 * left, categories in a set go left, missing values by the node's missing type.
 * @throws IMPORT_INVALID naming what is damaged, or what riskops cannot run
 */
export function parseLightgbm(text: string): ImportedModel {
  const { header, trees: blocks, pandasCategories } = sectionsOf(text);
  const version = header.get('version') ?? '';
  if (!['v3', 'v4'].includes(version))
    throw importFault(`Its format is "${version}"; riskops imports v3 and v4.`);
  const outputs = wholeNumber(header, 'num_tree_per_iteration', 'It');
  const objective = objectiveOf(header.get('objective'), wholeNumber(header, 'num_class', 'It'));
  if (outputs !== Math.max(1, objective.task === 'multiclass' ? objective.classCount : 1))
    throw importFault(`It has ${outputs} trees a round, which its objective does not.`);
  const names = (header.get('feature_names') ?? '').split(' ');
  const infos = (header.get('feature_infos') ?? '').split(' ');
  const featureCount = wholeNumber(header, 'max_feature_idx', 'It') + 1;
  if (names.length !== featureCount || infos.length !== featureCount || new Set(names).size !== featureCount)
    throw importFault(`It has no ${featureCount} different names of features.`);
  const trees = blocks.map(readTree);
  if (trees.length !== (header.get('tree_sizes') ?? '').split(' ').filter(Boolean).length)
    throw importFault('It has fewer trees than its header says: it is cut off.');
  // [least:greatest] is a number; 3:0:4 are categories; none was never looked at.
  const isCategorical = infos.map((info) => /^-?\d+(:-?\d+)*$/.test(info));
  const lists = pandasLists(pandasCategories, isCategorical);
  const categories = categoryCounts(trees, lists);
  const missing = missingByFeature(trees, featureCount);
  const raws = trees.map(({ raw }) => raw);
  // Boosting type rf: the answer is the mean of the trees.
  const rounds = header.has('average_output') ? trees.length / outputs : 1;
  for (const { value } of raws) for (let i = 0; i < value.length; i++) value[i] /= rounds;
  return {
    program: 'lightgbm',
    programVersion: version,
    objective: header.get('objective') ?? '',
    ...objective,
    features: names.map((name, i) => featureOf(name, lists[i], categories[i], missing[i])),
    forest: forestOf(raws, { featureCount, categories, outputs }),
    base: new Array(outputs).fill(0),
    single: false,
  };
}
