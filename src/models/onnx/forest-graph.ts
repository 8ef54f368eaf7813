import { floatFloor } from '../trees/float32.js';
import { type Forest, setWords } from '../trees/forest.js';
import type { OnnxGraph } from './graph.js';
import { exportRefused, indicators } from './recipe-graph.js';

/** More numbers than these for the sets of one feature are no longer a small graph. */
const MOST_SET_NUMBERS = 20_000_000;

/** A question about a category: what goes left. */
interface SetQuestion {
  left: boolean[];
  missingLeft: boolean;
}

/** Of each category feature its different questions, and of each node that asks one the column where its answer stands. */
interface SetColumns {
  byFeature: Map<number, SetQuestion[]>;
  columnOf: Int32Array;
}

function collectSets({ feature, categories, set, sets, missingLeft, featureCount }: Forest): SetColumns {
  const byFeature = new Map<number, SetQuestion[]>();
  const places = new Map<string, { asked: number; place: number }>();
  const ofNode: ({ asked: number; place: number } | undefined)[] = Array.from(feature, (asked, node) => {
    if (asked < 0 || categories[asked] === 0) return undefined;
    const words = sets.subarray(set[node], set[node] + setWords(categories[asked]));
    const key = `${asked}:${missingLeft[node]}:${words.join()}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const own = byFeature.get(asked) ?? [];
    const left = Array.from(
      { length: categories[asked] },
      (_, c) => ((words[c >> 5] >>> (c & 31)) & 1) === 1,
    );
    own.push({ left, missingLeft: missingLeft[node] === 1 });
    byFeature.set(asked, own);
    const found = { asked, place: own.length - 1 };
    places.set(key, found);
    return found;
  });
  const starts = new Map<number, number>();
  let next = featureCount;
  for (const [asked, questions] of byFeature) {
    starts.set(asked, next);
    next += questions.length;
  }
  return {
    byFeature,
    columnOf: Int32Array.from(ofNode, (found) =>
      found === undefined ? -1 : (starts.get(found.asked) ?? 0) + found.place,
    ),
  };
}

/** Adds a column for each question about a category: 0 where the row goes left, 1 where it goes right. */
function addSetColumns(graph: OnnxGraph, value: string, { byFeature }: SetColumns): string {
  const parts = [value];
  for (const [asked, questions] of byFeature) {
    const count = questions[0].left.length;
    const size = questions.length;
    if (count * size > MOST_SET_NUMBERS)
      throw exportRefused(
        `Its trees ask ${size} different questions about the ${count} categories of one feature.`,
      );
    const ones = indicators(graph, value, asked, count);
    const goesRight = new Float32Array(count * size);
    questions.forEach(({ left }, j) => {
      left.forEach((yes, c) => {
        goesRight[c * size + j] = yes ? 0 : 1;
      });
    });
    const known = graph.add('ReduceSum', [ones, graph.integers([1])], { keepdims: { int: 1 } });
    const unknown = graph.add('Sub', [graph.reals([1, 1], [1]), known]);
    const missingRight = graph.reals(
      [1, size],
      questions.map(({ missingLeft }) => (missingLeft ? 0 : 1)),
    );
    parts.push(
      graph.add('Add', [
        graph.add('MatMul', [ones, graph.reals([count, size], goesRight)]),
        graph.add('MatMul', [unknown, missingRight]),
      ]),
    );
  }
  return parts.length === 1 ? value : graph.add('Concat', parts, { axis: { int: 1 } });
}

/** The attributes of TreeEnsembleRegressor that lay out the nodes, one entry a node; node numbers begin at 0 in each tree. */
function nodeAttributes(forest: Forest, columnOf: Int32Array) {
  const { feature, left, threshold, missingLeft, roots } = forest;
  const count = feature.length;
  const trees = new Int32Array(count);
  const ids = new Int32Array(count);
  for (let tree = -1, node = 0, next = 0; node < count; node++) {
    if (node === roots[next]) {
      tree = next;
      next++;
    }
    trees[node] = tree;
    ids[node] = node - roots[tree];
  }
  const isSplit = Array.from(feature, (asked) => asked >= 0);
  const ifSplit = (of: (node: number) => number) => isSplit.map((is, node) => (is ? of(node) : 0));
  const bySet = (node: number) => columnOf[node] >= 0;
  return {
    nodes_treeids: { ints: trees },
    nodes_nodeids: { ints: ids },
    nodes_modes: { texts: isSplit.map((is) => (is ? 'BRANCH_LEQ' : 'LEAF')) },
    nodes_featureids: { ints: ifSplit((node) => (bySet(node) ? columnOf[node] : feature[node])) },
    nodes_values: { floats: ifSplit((node) => (bySet(node) ? 0.5 : floatFloor(threshold[node]))) },
    nodes_truenodeids: { ints: ifSplit((node) => ids[left[node]]) },
    nodes_falsenodeids: { ints: ifSplit((node) => ids[left[node] + 1]) },
    nodes_missing_value_tracks_true: { ints: ifSplit((node) => missingLeft[node]) },
  };
}

/** The attributes that say what leaves add to which output. */
function leafAttributes(
  { feature, roots, value, outputs, leafWidth }: Forest,
  trees: Int32Array,
  ids: Int32Array,
) {
  const leaves = [...feature.keys()].filter((node) => feature[node] < 0);
  const entries = leaves.flatMap((node) =>
    Array.from({ length: leafWidth }, (_, j) => ({
      node,
      output: leafWidth === 1 ? trees[node] % outputs : j,
      weight: value[node * leafWidth + j],
    })),
  );
  if (roots.length === 0) throw exportRefused('It has no tree.');
  return {
    target_treeids: { ints: entries.map(({ node }) => trees[node]) },
    target_nodeids: { ints: entries.map(({ node }) => ids[node]) },
    target_ids: { ints: entries.map(({ output }) => output) },
    target_weights: { floats: entries.map(({ weight }) => weight) },
  };
}

/** In ONNX the trees of a file follow one another, and so do their nodes. */
function checkOrder({ roots }: Forest): void {
  for (let tree = 0; tree < roots.length; tree++) {
    if (tree === 0 ? roots[0] !== 0 : roots[tree] <= roots[tree - 1])
      throw exportRefused('Its trees do not follow one another.');
  }
}

/**
 * Adds a forest to the graph: `base` plus the sums, or the means, of the leaves; rows x outputs, float32. Thresholds are rounded
 * down to float32, so that every float32 takes the branch that it takes here; questions about categories become columns of 0 and 1.
 */
export function addForest(
  graph: OnnxGraph,
  value: string,
  forest: Forest,
  { base, mean }: { base: readonly number[]; mean: boolean },
): string {
  checkOrder(forest);
  const columns = collectSets(forest);
  const nodes = nodeAttributes(forest, columns.columnOf);
  return graph.add(
    'TreeEnsembleRegressor',
    [addSetColumns(graph, value, columns)],
    {
      ...nodes,
      ...leafAttributes(forest, nodes.nodes_treeids.ints, nodes.nodes_nodeids.ints),
      base_values: { floats: base },
      n_targets: { int: forest.outputs },
      aggregate_function: { text: mean ? 'AVERAGE' : 'SUM' },
      post_transform: { text: 'NONE' },
    },
    'ai.onnx.ml',
  );
}
