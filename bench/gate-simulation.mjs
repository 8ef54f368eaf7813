// Candidates and current models whose true quality is known, for the gate to judge. Used by bench/gate.mjs and by a test.

/** mulberry32: uniform numbers in [0, 1) from a seed. */
export function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** The normal distribution function, by its series around 0. */
function normalBelow(x) {
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** How far apart the scores of the two classes lie, in standard deviations, for this area under the curve. */
function separation(auc) {
  let [low, high] = [0, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalBelow(middle / Math.SQRT2) < auc) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Rows of a holdout with the predictions of two models: in each class the models' scores are normal and correlated
 * (binormal), and a prediction is the true probability of the positive class given the score, so both are calibrated.
 */
export function simulateRivals({ rows, prevalence, correlation, candidateAuc, currentAuc, seed }) {
  const random = uniform(seed);
  const [ours, theirs] = [separation(candidateAuc), separation(currentAuc)];
  const odds = Math.log(prevalence / (1 - prevalence));
  const probability = (score, apart) => 1 / (1 + Math.exp(-(odds + apart * score - (apart * apart) / 2)));
  const target = new Float64Array(rows);
  const [candidate, current] = [new Float64Array(rows), new Float64Array(rows)];
  for (let row = 0; row < rows; row++) {
    const label = random() < prevalence ? 1 : 0;
    const shared = normal(random);
    const own = correlation * shared + Math.sqrt(1 - correlation * correlation) * normal(random);
    target[row] = label;
    candidate[row] = probability(ours * label + own, ours);
    current[row] = probability(theirs * label + shared, theirs);
  }
  return { target, candidate, current };
}

/** What the gate is told of such a holdout. */
export function evidenceOf({ target, candidate, current }, prevalence) {
  return {
    model: 'simulated',
    task: 'binary',
    target,
    candidate: { version: 2, learner: 'simulated', predictions: candidate, threshold: prevalence },
    current: { version: 1, predictions: current, threshold: prevalence },
    baselines: [{ name: 'prior', predictions: new Float64Array(target.length).fill(prevalence) }],
    schema: { compatible: true, differences: [] },
    holdout: { rows: target.length },
  };
}

/** The setting of the figures in the documents: 1,000 rows, of which 22 % are positive, scores correlated by 0.6. */
export const SETTING = { rows: 1000, prevalence: 0.22, correlation: 0.6, currentAuc: 0.75 };

/** How many of `decisions` candidates the gate promotes, whose AUC is better than the current one's by `better`. */
export function countPromoted({ judge, policy, decisions, better, setting = SETTING }) {
  const verdicts = { promote: 0, reject: 0, undecided: 0 };
  let greater = 0;
  for (let decision = 0; decision < decisions; decision++) {
    const candidateAuc = setting.currentAuc + better;
    const rivals = simulateRivals({ ...setting, candidateAuc, seed: 1_000_003 * decision + 17 });
    const { verdict, comparisons } = judge(
      { ...policy, seed: decision },
      evidenceOf(rivals, setting.prevalence),
    );
    verdicts[verdict]++;
    if (comparisons[0].gain > 0) greater++;
  }
  return { ...verdicts, greater };
}
