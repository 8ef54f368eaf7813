import { RiskopsError } from '../errors.js';
import { type CellRule, compileRules, readRules } from './imported/cell-rules.js';
import type { ImportedModel, Link } from './imported/imported-model.js';
import type { FittedModel, Learner, ModelShape, SavedModel, Task } from './learner.js';
import { sigmoid, softmaxInPlace } from './linear/linear-model.js';
import { modelFileFault } from './saved-model.js';
import type { Forest } from './trees/forest.js';
import { packForest } from './trees/pack-forest.js';
import { predictForest } from './trees/predict-forest.js';
import { loadForest, saveForest } from './trees/saved-forest.js';
import { explainForest, gainImportances } from './trees/tree-shap.js';

/** What the model file keeps of an imported model besides its trees. */
export interface ImportedFacts extends Record<string, unknown> {
  objective: string;
  program_version: string;
  link: Link;
  slope: number;
  base: number[];
  single: boolean;
  /** Of each feature the number of its categories; 0 for a number. */
  categories: number[];
  cells: CellRule[];
}

/** Turns sums into answers, in place. */
function applyLink(sums: Float64Array, { link, slope }: ImportedFacts, outputs: number): Float64Array {
  if (link === 'exp') return sums.map(Math.exp);
  if (link === 'sigmoid') return sums.map((sum) => sigmoid(slope * sum));
  if (link === 'softmax') for (let at = 0; at < sums.length; at += outputs) softmaxInPlace(sums, at, outputs);
  return sums;
}

function fittedImport(forest: Forest, facts: ImportedFacts): FittedModel {
  const { single, cells } = facts;
  const packed = packForest(forest, { single });
  const base = Float64Array.from(facts.base);
  const prepare = compileRules(cells, forest.categories, single);
  return {
    predict: (x, rowCount) =>
      applyLink(predictForest(packed, prepare(x, rowCount), rowCount, base), facts, forest.outputs),
    save: () => ({ facts, tensors: saveForest(forest) }),
    importances: () => gainImportances(forest),
    // A sigmoid's slope belongs to the log-odds.
    explain: (x, rowCount) =>
      explainForest(
        forest,
        prepare(x, rowCount),
        rowCount,
        base.map((value) => value * facts.slope),
        facts.slope,
      ),
  };
}

const LINKS: Record<Task, readonly Link[]> = {
  regression: ['identity', 'exp'],
  binary: ['sigmoid'],
  multiclass: ['softmax'],
};

function readFacts(
  { facts }: SavedModel,
  task: Task,
  { featureCount }: ModelShape,
  outputs: number,
): ImportedFacts {
  const { link, slope, base, single, categories } = facts;
  if (!LINKS[task].includes(link as Link)) throw modelFileFault(`"link" is not that of a ${task} model`);
  const isReal = (value: unknown): value is number => Number.isFinite(value);
  if (!isReal(slope) || slope <= 0) throw modelFileFault('"slope" is not a number above 0');
  if (!Array.isArray(base) || base.length !== outputs || !base.every(isReal))
    throw modelFileFault(`"base" is not a list of ${outputs} finite numbers`);
  if (typeof single !== 'boolean') throw modelFileFault('"single" is neither true nor false');
  const isCount = (count: unknown) =>
    Number.isInteger(count) && (count as number) >= 0 && (count as number) <= 65_537;
  if (!Array.isArray(categories) || categories.length !== featureCount || !categories.every(isCount))
    throw modelFileFault(`"categories" is not a list of ${featureCount} counts`);
  return { ...facts, cells: readRules(facts['cells'], Int32Array.from(categories)) } as ImportedFacts;
}

/** The forest of a model file, and how its sums become answers. MODEL_FILE_INVALID names the first fault. */
export function readImport(
  saved: SavedModel,
  task: Task,
  shape: ModelShape,
): { forest: Forest; facts: ImportedFacts } {
  const outputs = task === 'multiclass' ? shape.classCount : 1;
  const facts = readFacts(saved, task, shape, outputs);
  const categories = Int32Array.from(facts.categories);
  const forest = loadForest(saved, { featureCount: shape.featureCount, categories, outputs, leafWidth: 1 });
  return { forest, facts };
}

function loadImport(saved: SavedModel, task: Task, shape: ModelShape): FittedModel {
  const { forest, facts } = readImport(saved, task, shape);
  return fittedImport(forest, facts);
}

/** The model of another program, to be used as one that riskops trained. */
export function fittedFromImport({ forest, features, ...model }: ImportedModel): FittedModel {
  return fittedImport(forest, {
    objective: model.objective,
    program_version: model.programVersion,
    link: model.link,
    slope: model.slope,
    base: model.base,
    single: model.single,
    categories: [...forest.categories],
    cells: features.map(({ rule }) => rule),
  });
}

function importedTrees(engine: ImportedModel['program'], program: string): Learner {
  return {
    name: 'imported-trees',
    imported: true,
    engine,
    summary: `Trees that ${program} grew: they are imported, not trained.`,
    tasks: ['binary', 'multiclass', 'regression'],
    options: [],
    recipe: [],
    fit() {
      throw new RiskopsError('LEARNER_UNKNOWN', {
        what: 'The learner imported-trees cannot be trained.',
        why: `Its trees come from a file of ${program}.`,
        fix: `riskops models import FILE --format ${engine} --parity SAMPLE.csv`,
      });
    },
    load: loadImport,
  };
}

/** Trees of LightGBM and of XGBoost, run as these programs run them. */
export const importedLightgbm = importedTrees('lightgbm', 'LightGBM');
export const importedXgboost = importedTrees('xgboost', 'XGBoost');
