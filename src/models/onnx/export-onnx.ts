import { packageVersion } from '../../util/package.js';
import { readImport } from '../imported-trees.js';
import type { ModelShape, SavedModel } from '../learner.js';
import { decodeModelFile } from '../model-file.js';
import type { Predictor } from '../predictor.js';
import { decodeSafetensors } from '../safetensors.js';
import type { Forest } from '../trees/forest.js';
import { loadForest } from '../trees/saved-forest.js';
import { addForest } from './forest-graph.js';
import { OnnxGraph } from './graph.js';
import { addRecipe, exportRefused } from './recipe-graph.js';

interface Trees {
  forest: Forest;
  base: number[];
  /** Leaves are averaged, not summed. */
  mean: boolean;
  link: 'identity' | 'exp' | 'sigmoid' | 'softmax';
  slope: number;
}

const LINKS = { regression: 'identity', binary: 'sigmoid', multiclass: 'softmax' } as const;

/** The forest in a model file of a tree learner, and how its sums become answers. */
function treesOf({ header }: Predictor, saved: SavedModel, shape: ModelShape): Trees | null {
  const { task, learner } = header;
  const many = task === 'multiclass';
  const outputs = many ? shape.classCount : 1;
  switch (learner.name) {
    case 'gradient-boosting': {
      const forest = loadForest(saved, { ...shape, outputs, leafWidth: 1 });
      const base = [saved.facts['base'] as number | number[]].flat();
      return { forest, base, mean: false, link: LINKS[task], slope: 1 };
    }
    case 'random-forest': {
      const forest = loadForest(saved, { ...shape, outputs, leafWidth: outputs });
      return { forest, base: new Array(outputs).fill(0), mean: true, link: 'identity', slope: 1 };
    }
    case 'imported-trees': {
      const { forest, facts } = readImport(saved, task, shape);
      if (facts.cells.some(({ kind }) => kind !== 'number'))
        throw exportRefused(
          'It was imported with categories, or with zeros that are missing values: export it with the program that made it.',
        );
      return { forest, base: facts.base, mean: false, link: facts.link, slope: facts.slope };
    }
  }
  return null;
}

function applyLink(graph: OnnxGraph, sums: string, { link, slope }: Pick<Trees, 'link' | 'slope'>): string {
  if (link === 'identity') return sums;
  if (link === 'exp') return graph.add('Exp', [sums]);
  if (link === 'softmax') return graph.add('Softmax', [sums], { axis: { int: 1 } });
  return graph.add('Sigmoid', [slope === 1 ? sums : graph.add('Mul', [sums, graph.reals([1, 1], [slope])])]);
}

/** The scores of a linear model; what it computes in double it should compute in double here. */
function addLinear(graph: OnnxGraph, value: string, saved: SavedModel, width: number): string {
  const { weights, intercept } = saved.tensors;
  const outputs = intercept.data.length;
  const columns = new Float64Array(width * outputs);
  for (let k = 0; k < outputs; k++)
    for (let j = 0; j < width; j++) columns[j * outputs + k] = weights.data[k * width + j];
  const product = graph.add('MatMul', [value, graph.reals([width, outputs], columns)]);
  return graph.add('Add', [product, graph.reals([1, outputs], intercept.data)]);
}

const LINEAR = ['logistic', 'ridge'];

/**
 * A model file as ONNX (opset 17, ai.onnx.ml 3). It takes `features`, rows x the signature's features as float32: numbers as they are,
 * NaN for missing values, booleans as 0 and 1, a category as its place in the list of the metadata `riskops.signature`, -1 for one
 * that is not in it. It gives `prediction`, rows x 1 or x classes: what riskops predicts.
 * @throws EXPORT_UNSUPPORTED naming what cannot be written; MODEL_FILE_INVALID
 */
export async function exportOnnx(bytes: Buffer, label: string): Promise<Buffer> {
  const predictor = await decodeModelFile(bytes, label);
  const { header, inputs, outputs } = predictor;
  const { signature, task, learner } = header;
  const saved = { facts: learner.facts, tensors: decodeSafetensors(bytes).tensors };
  const isLinear = LINEAR.includes(learner.name);
  const graph = new OnnxGraph(isLinear ? 'double' : 'float');
  const { value, columns } = addRecipe(graph, signature, header.recipe, !isLinear);
  const shape = {
    featureCount: inputs.length,
    categories: Int32Array.from(columns, ({ isCategory, categories }) => (isCategory ? categories : 0)),
    classCount: task === 'regression' ? 0 : (header.classes?.length ?? 2),
  };
  const trees = isLinear ? null : treesOf(predictor, saved, shape);
  if (!isLinear && trees === null)
    throw exportRefused(`Its learner ${learner.name} cannot be written; trees and linear models can.`);
  const answer =
    trees === null
      ? graph.cast(
          applyLink(graph, addLinear(graph, value, saved, inputs.length), { link: LINKS[task], slope: 1 }),
          'float',
        )
      : applyLink(graph, addForest(graph, value, trees.forest, trees), trees);
  const facts = {
    'riskops.model': header.provenance.model,
    'riskops.content_sha256': predictor.contentSha256,
    'riskops.signature': JSON.stringify(signature),
  };
  return graph.finish(answer, { features: signature.features.length, outputs }, facts, packageVersion());
}
