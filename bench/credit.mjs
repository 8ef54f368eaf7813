// Made-up credit cases: 20 features of the kinds that such tables have, and who defaulted, a quarter, by a rule with noise.

/** Numbers in [0, 1), the same in each run (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const FEATURES = 20;

/** Row-major features and one class a row. */
export function makeCredit(rows, seed) {
  const random = numbers(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const x = new Float64Array(rows * FEATURES);
  const y = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const [wealth, appetite, trouble, care] = [normal(), normal(), normal(), normal()];
    const income = Math.exp(10.4 + 0.6 * wealth);
    const loan = Math.exp(9 + 0.36 * wealth + 0.8 * appetite);
    const late = Math.floor(-Math.log(1 - random()) * Math.exp(-0.6 + 0.7 * trouble));
    const use = Math.min(1.5, Math.max(0, 0.4 + 0.2 * normal() + 0.1 * trouble));
    const score = Math.min(850, Math.max(300, 690 - 30 * trouble + 30 * care + 15 * normal()));
    const [age, home, purpose] = [18 + random() * 62, random() * 5, random() * 8].map(Math.floor);
    const months = -60 * Math.log(1 - random());
    const wave = normal();
    const known = [income, loan, loan / income, age, late, use, home, purpose, score, months, wave];
    known.push(0.5 * wealth + normal(), 0.5 * appetite + normal(), 0.5 * trouble + normal());
    while (known.length < FEATURES) known.push(normal());
    x.set(known, row * FEATURES);
    const odds =
      -2.3 +
      1.1 * Math.log1p(3 * (loan / income)) -
      0.013 * (score - 690) +
      1.3 * Number(use > 0.7) +
      0.5 * Math.min(late, 3) +
      0.8 * Number(age < 28 && months < 24) -
      0.5 * Number(home === 2) +
      0.6 * Math.sin(2 * wave);
    y[row] = 1 / (1 + Math.exp(-odds)) > random() ? 1 : 0;
  }
  return { x, y };
}

/** Area under the ROC curve; ties count half. */
export function aucOf(scores, y) {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  let [ranks, positives] = [0, 0];
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && scores[order[end]] === scores[order[i]]) end++;
    for (let k = i; k < end; k++) {
      if (y[order[k]] !== 1) continue;
      ranks += (i + end + 1) / 2;
      positives++;
    }
    i = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}
