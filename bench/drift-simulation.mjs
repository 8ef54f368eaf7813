// Windows of rows whose truth is known, for the drift tests to judge. Used by bench/drift.mjs and by a test.
import { normal, uniform } from './gate-simulation.mjs';

/** Shares that fall by half from one level to the next, at least one in fifty; as their running sum. */
const [THREE, EIGHT, THIRTY] = [3, 8, 30].map((levels) => {
  let sum = 0;
  const sums = Array.from({ length: levels }, (_, level) => (sum += Math.max(0.5 ** (level + 1), 0.02)));
  return sums.map((value) => value / sum);
});

const category = (random, sums) => {
  const place = random();
  return sums.findIndex((sum) => place < sum);
};

/**
 * One row of 20 features: twelve normal ones, correlated by 0.5, the first two of them `shift` standard deviations higher; amounts with a
 * long tail, half of them nothing; counts of few values; categories of 3, 8 and 30 levels; one feature with missing values. And a score.
 */
function drawRow(random, shift) {
  const common = normal(random);
  const normals = Array.from(
    { length: 12 },
    (_, i) => Math.SQRT1_2 * (common + normal(random)) + (i < 2 ? shift : 0),
  );
  const tails = [Math.exp(2 * normal(random)), random() < 0.5 ? 0 : Math.exp(normal(random))];
  const counts = [Math.floor(4 * random() * random()), Math.max(0, Math.round(3 + normal(random)))];
  const categories = [THREE, EIGHT, THIRTY].map((sums) => category(random, sums));
  const gaps = [random() < 0.1 ? Number.NaN : normal(random)];
  const logit = normals.slice(0, 6).reduce((sum, value) => sum + 0.4 * value, -1 - 0.2 * shift);
  return [...normals, ...tails, ...counts, ...categories, ...gaps, 1 / (1 + Math.exp(-logit))];
}

const KINDS = [...Array(16).fill('numbers'), ...Array(3).fill('categories'), 'numbers', 'numbers'];

/** The columns of `rows` drawn rows: 20 features, and the score last. */
export function drawColumns(seed, rows, shift = 0) {
  const random = uniform(seed);
  const drawn = Array.from({ length: rows }, () => drawRow(random, shift));
  return KINDS.map((kind, i) => ({ kind, values: Float64Array.from(drawn, (row) => row[i]) }));
}

/**
 * How many of `windows` windows are called drifted, each of `rows` rows beside its own reference of `referenceRows`.
 * @param tools `numberReference`, `categoryReference`, `compareColumn` and `judgeComparisons` of riskops
 * @returns windows with any drift, and those in which both shifted features are among what drifted
 */
export function countDrifted(tools, { windows, rows, referenceRows = 2000, shift = 0, seed = 1 }) {
  let [drifted, both] = [0, 0];
  for (let window = 0; window < windows; window++) {
    const references = drawColumns(seed + 2 * window, referenceRows).map(({ kind, values }) =>
      (kind === 'numbers' ? tools.numberReference : tools.categoryReference)(values),
    );
    const columns = drawColumns(seed + 2 * window + 1, rows, shift);
    const comparisons = columns.map(({ values }, i) => tools.compareColumn(references[i], values));
    const judged = tools.judgeComparisons(comparisons);
    if (judged.some((part) => part.drifted)) drifted++;
    if (judged[0].drifted && judged[1].drifted) both++;
  }
  return { drifted, both };
}
