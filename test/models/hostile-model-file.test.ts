import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { RiskopsError } from '../../src/errors.js';
import { learners } from '../../src/models/all.js';
import type { Tensor } from '../../src/models/learner.js';
import { decodeModelFile, encodeModelFile, packModelFile } from '../../src/models/model-file.js';
import { decodeSafetensors } from '../../src/models/safetensors.js';
import { mixedTable, trainOn } from './trained.js';

// biome-ignore lint/suspicious/noExplicitAny: the point is to put anything anywhere
type Anything = any;
type Tensors = Record<string, Tensor>;
interface Content {
  text: string;
  tensors: Tensors;
}

/** Through a variable, this is a name like any other. */
const PROTO = '__proto__';

const good = new Map<string, Content>();

beforeAll(async () => {
  const table = mixedTable();
  for (const learner of learners) {
    // Imported, not trained: imported-trees.test.ts has its files.
    if (learner.name === 'imported-trees') continue;
    const { bytes } = await encodeModelFile((await trainOn(table, learner, learner.tasks[0])).parts);
    const { metadata, tensors } = decodeSafetensors(bytes);
    good.set(`${learner.name} ${learner.engine}`, { text: metadata['riskops'], tensors });
  }
});

const contentOf = (learner: string) => good.get(learner.includes(' ') ? learner : `${learner} riskops`)!;

/** The file of a learner with its specification's text changed, sealed as if riskops had written it. */
function withText(learner: string, change: (text: string) => string): Buffer {
  const { text, tensors } = contentOf(learner);
  const changed = change(text);
  if (changed === text) throw new Error('nothing was changed');
  return packModelFile(changed, tensors);
}

const withHeader = (learner: string, change: (header: Anything) => void) =>
  withText(learner, (text) => {
    const header = JSON.parse(text);
    change(header);
    return JSON.stringify(header);
  });

/** The same with the tensors changed; each may be changed in place. */
function withTensors(
  learner: string,
  change: (tensors: Record<string, Tensor>, data: Record<string, Anything>) => void,
): Buffer {
  const { text, tensors } = contentOf(learner);
  const copies: Tensors = Object.create(null);
  for (const [name, tensor] of Object.entries(tensors))
    copies[name] = { ...tensor, data: tensor.data.slice() };
  change(copies, Object.fromEntries(Object.entries(copies).map(([name, { data }]) => [name, data])));
  return packModelFile(text, copies);
}

async function refusalOf(bytes: Buffer): Promise<string> {
  const started = performance.now();
  const error = await decodeModelFile(bytes, 'x.safetensors').then(
    () => new Error('it was accepted'),
    (caught) => caught,
  );
  expect(performance.now() - started).toBeLessThan(2000);
  expect(error).toBeInstanceOf(RiskopsError);
  expect(error.code).toBe('MODEL_FILE_INVALID');
  expect(error.message).toMatch(/^The model file x\.safetensors is refused: /);
  expect(error.message).not.toMatch(/[\n\r\u001b]/);
  expect(error.message.length).toBeLessThan(500);
  expect(({} as Anything).polluted).toBeUndefined();
  return error.message;
}

const float = (...values: number[]): Tensor => ({
  type: 'F64',
  shape: [values.length],
  data: Float64Array.from(values),
});

const inText: [string, (text: string) => string, RegExp][] = [
  ['no JSON', () => '{', /specification is not JSON/],
  ['an array', () => '[]', /specification is not an object/],
  [
    'nested ten million deep',
    () => `{"format":1,"recipe":${'['.repeat(10_000_000)}`,
    /nested deeper than 32/,
  ],
  [
    'five million characters of one text',
    (text) => text.replace('신용', 'x'.repeat(5_000_000)),
    /provenance\.model is not a text/,
  ],
  ['34 million characters', (text) => text.replace('신용', 'x'.repeat(34_000_000)), /longer than/],
  [
    'millions of values',
    (text) => text.replace('"rows":[', `"rows":[${'[],'.repeat(4_000_000)}`),
    /more than 2000000 values/,
  ],
  [
    '__proto__ at the top',
    (text) => text.replace('{', '{"__proto__":{"polluted":1},'),
    /"__proto__" is not allowed/,
  ],
  [
    '__proto__ in escapes',
    (text) => text.replace('"metrics":{', '"metrics":{"\\u005f_proto__":{"polluted":1},'),
    /"__proto__" is not allowed/,
  ],
  ['a key twice', (text) => text.replace('{', '{"format":1,'), /"format" stands twice/],
  [
    'an infinite threshold',
    (text) => text.replace('"threshold":0.4', '"threshold":1e999'),
    /threshold is not from 0 to 1/,
  ],
  ['a format of tomorrow', (text) => text.replace('"format":1', '"format":2'), /a newer riskops wrote it/],
];

for (const [name, change, fault] of inText) {
  test(`refuses a specification that is or has ${name}`, async () => {
    expect(await refusalOf(withText('logistic', change))).toMatch(fault);
  });
}

const inHeader: [string, (header: Anything) => void, RegExp][] = [
  ['no format', (h) => delete h.format, /format is not 1/],
  ['a task that does not exist', (h) => (h.task = 'ranking'), /its task is/],
  ['another task', (h) => (h.task = 'multiclass'), /its classes are not what a multiclass model has/],
  [
    'the task of another learner',
    (h) => Object.assign(h, { task: 'regression', threshold: null }),
    /classes are not/,
  ],
  ['no features', (h) => (h.signature.features = []), /features is empty/],
  [
    'a feature type that does not exist',
    (h) => (h.signature.features[0].type = 'code'),
    /features\[0\]\.type/,
  ],
  ['a recipe that is text', (h) => (h.recipe = 'process.exit()'), /recipe is not an object/],
  ['a step that does not exist', (h) => (h.recipe.steps[0].kind = 'constructor'), /steps\[0\]\.kind/],
  ['a scale of zero', (h) => (h.recipe.steps[2].sd[0] = 0), /sd\[0\] is not above 0/],
  ['a fill that is no number', (h) => (h.recipe.steps[0].fill[0] = 'NaN'), /fill\[0\]/],
  ['one step fewer', (h) => h.recipe.steps.splice(1, 1), /./],
  ['a learner that does not exist', (h) => (h.learner.name = '__proto__'), /no learner "__proto__"/],
  ['an engine that does not exist', (h) => (h.learner.engine = '../../evil.js'), /No engine/],
  [
    'a learner of another kind',
    (h) => (h.learner.name = 'random-forest'),
    /tensor "(weights|intercept)" does not belong/,
  ],
  ['a learner for another task', (h) => (h.learner.name = 'ridge'), /ridge has no binary models/],
  [
    'a hyper-parameter that is an object',
    (h) => (h.learner.hyper.c = { valueOf: 1 }),
    /"c" is not one value/,
  ],
  ['facts that are null', (h) => (h.learner.facts = null), /facts is not an object/],
  ['classes that are equal', (h) => (h.classes = h.signature.target.classes = [1, 1]), /classes/],
  ['other classes than its signature', (h) => (h.classes = [1, 0]), /classes are not those of its signature/],
  ['a threshold that is text', (h) => (h.threshold = '0.5'), /threshold/],
  ['no golden rows', (h) => (h.golden = { rows: [], predictions: [] }), /golden rows/],
  ['65 golden rows', (h) => (h.golden.rows = Array(65).fill(h.golden.rows[0])), /1 to 64 golden rows/],
  ['a prediction short', (h) => h.golden.predictions.pop(), /no prediction for each golden row/],
  ['a prediction that is no probability', (h) => (h.golden.predictions[0] = 1.5), /no prediction for each/],
  [
    'a prediction that is a little off',
    (h) => (h.golden.predictions[0] += 1e-11),
    /where 0\.\d+ is on record/,
  ],
  ['a golden row of the wrong length', (h) => h.golden.rows[3].pop(), /golden row 3 does not fit/],
  [
    'a golden row of the wrong types',
    (h) => (h.golden.rows[2] = [{}, [], 1, 'x', 'y']),
    /golden row 2 does not fit/,
  ],
  ['a metric that is text', (h) => (h.metrics.auc = 'good'), /metric "auc" is not a number/],
  ['metrics that are a list', (h) => (h.metrics = [1]), /metrics is not an object/],
  ['no run id', (h) => delete h.provenance.run_id, /provenance\.run_id/],
  ['a seed that is a list', (h) => (h.provenance.seed = [1]), /provenance\.seed/],
];

for (const [name, change, fault] of inHeader) {
  test(`refuses a header with ${name}`, async () => {
    expect(await refusalOf(withHeader('logistic', change))).toMatch(fault);
  });
}

const inTensors: [string, string, (tensors: Tensors, data: Record<string, Anything>) => void, RegExp][] = [
  [
    'logistic',
    'a weight that is NaN',
    (_, d) => (d.weights[2] = Number.NaN),
    /"weights" is not finite at element 2/,
  ],
  [
    'logistic',
    'an infinite intercept',
    (_, d) => (d.intercept[0] = Number.NEGATIVE_INFINITY),
    /"intercept" is not finite/,
  ],
  ['logistic', 'no weights', (t) => delete t['weights'], /"weights" is missing/],
  ['logistic', 'a weight too many', (t) => (t['weights'] = float(1, 2, 3)), /"weights" has the shape \[3\]/],
  ['logistic', 'a tensor named __proto__', (t) => (t[PROTO] = float(1)), /"__proto__" does not belong/],
  [
    'logistic',
    'a tensor of another type',
    (t) => (t['intercept'] = { type: 'I32', shape: [1], data: Int32Array.of(0) }),
    /is I32, not F64/,
  ],
  [
    'ridge',
    'a weight changed by one bit',
    (_, d) => (new Uint8Array(d.weights.buffer, d.weights.byteOffset)[3] ^= 1),
    /golden row/,
  ],
  ['dummy', 'a probability of 1.5', (_, d) => (d.prediction[0] = 1.5), /no probability/],
  ['gradient-boosting', 'values that overflow', (_, d) => d.value.fill(1e308), /overflow/],
];
const inTrees: typeof inTensors = [
  'random-forest',
  'gradient-boosting',
  'random-forest ml-random-forest',
].flatMap((learner) => {
  const cases: [string, (tensors: Tensors, data: Record<string, Anything>) => void, RegExp][] = [
    ['a node that is its own child', (_, d) => (d.left[0] = 0), /node 0 has its children at 0/],
    [
      'a cycle',
      (_, d) => (d.left[d.feature.findLastIndex((f: number) => f >= 0)] = d.roots[0]),
      /has its children at 0/,
    ],
    ['a child beyond the end', (_, d) => (d.left[0] = d.left.length - 1), /has its children at/],
    ['a negative child', (_, d) => (d.left[0] = -2147483648), /has its children at -2147483648/],
    [
      'a branch that two nodes share',
      (_, d) => (d.left[0] = d.left[innerNode(d.feature)]),
      /two parents|belongs to no tree/,
    ],
    ['a feature beyond the last', (_, d) => (d.feature[0] = 32767), /asks for feature 32767/],
    ['a feature of -2', (_, d) => (d.feature[0] = -2), /asks for feature -2/],
    ['a threshold that is NaN', (_, d) => (d.threshold[0] = Number.NaN), /"threshold" is not finite/],
    [
      'an infinite leaf',
      (_, d) => (d.value[d.value.length - 1] = Number.POSITIVE_INFINITY),
      /"value" is not finite/,
    ],
    ['a negative cover', (_, d) => (d.cover[0] = -1), /negative cover/],
    ['a root beyond the end', (_, d) => (d.roots[0] = 1e9), /tree 0 begins at node 1000000000/],
    ['a negative root', (_, d) => (d.roots[0] = -1), /tree 0 begins at node -1/],
    ['no trees', (t) => (t['roots'] = { type: 'I32', shape: [0], data: new Int32Array(0) }), /no tree/],
    ['arrays of different lengths', (t) => (t['value'] = float(0)), /"value" has 1 elements/],
    ['a chain of 100,000 nodes', (t) => Object.assign(t, chain(50_000)), /deeper than 512/],
  ];
  return cases.map(([name, change, fault]): (typeof inTensors)[number] => [learner, name, change, fault]);
});

/** The first node behind the root that has children. */
const innerNode = (feature: Int16Array) => feature.findIndex((asked, node) => node > 0 && asked >= 0);

/** One tree in which every left child is a leaf and every right one splits again. */
function chain(splits: number): Tensors {
  const count = 2 * splits + 1;
  const splitsHere = (node: number) => node === 0 || (node % 2 === 0 && node < count - 1);
  const numbers = (numberOf: (node: number) => number) =>
    float(...Array.from({ length: count }, (_, node) => numberOf(node)));
  const nodes = Array.from({ length: count }, (_, node) => node);
  return {
    feature: {
      type: 'I16',
      shape: [count],
      data: Int16Array.from(nodes, (node) => (splitsHere(node) ? 0 : -1)),
    },
    left: {
      type: 'I32',
      shape: [count],
      data: Int32Array.from(nodes, (node) => (splitsHere(node) ? node + 1 : 0)),
    },
    threshold: numbers(() => 0),
    value: numbers(() => 0),
    cover: numbers(() => 1),
    gain: numbers(() => 0),
    set: { type: 'I32', shape: [count], data: new Int32Array(count).fill(-1) },
    sets: { type: 'I32', shape: [0], data: new Int32Array(0) },
    missing_left: { type: 'U8', shape: [count], data: new Uint8Array(count) },
    roots: { type: 'I32', shape: [1], data: Int32Array.of(0) },
  };
}

for (const [learner, name, change, fault] of [...inTensors, ...inTrees]) {
  test(`refuses a ${learner} with ${name}`, async () => {
    expect(await refusalOf(withTensors(learner, change))).toMatch(fault);
  });
}

test('refuses a boosting model without its base', async () => {
  expect(await refusalOf(withHeader('gradient-boosting', (h) => (h.learner.facts = {})))).toMatch(/"base"/);
  expect(await refusalOf(withHeader('gradient-boosting', (h) => (h.learner.facts.base = 'NaN')))).toMatch(
    /"base"/,
  );
});

/** Every path into a JSON value. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

const nasty = fc.constantFrom<Anything>(
  null,
  true,
  -1,
  0.5,
  1e308,
  '',
  'NaN',
  '\u001b[2J\n',
  [],
  {},
  [[]],
  { length: 1e9 },
  { toString: 1 },
  { constructor: { prototype: { polluted: 1 } } },
);

test('whatever stands anywhere in the header, the file is refused or answers as before', async () => {
  const names = [...good.keys()];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.nat(), nasty, async (name, at, value) => {
      const { text, tensors } = contentOf(name);
      const header = JSON.parse(text);
      const paths = pathsOf(header).slice(1);
      const path = paths[at % paths.length];
      const parent = path.slice(0, -1).reduce((node, key) => node[key], header);
      parent[path.at(-1)!] = value;
      const bytes = packModelFile(JSON.stringify(header), tensors);
      const accepted = await decodeModelFile(bytes, 'x.safetensors').catch(() => undefined);
      if (accepted === undefined) await refusalOf(bytes);
      else expect(accepted.header.golden.predictions.length).toBeGreaterThan(0);
    }),
    { numRuns: 600, seed: 7 },
  );
});
