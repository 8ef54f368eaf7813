// What the gate promotes when the truth is known: 400 decisions of each kind, by the default policy and by others.
import { judgeEvidence as judge, parsePolicy } from '../dist/index.js';
import { countPromoted, normal, uniform } from './gate-simulation.mjs';

const decisions = Number(process.argv[2] ?? 400);
const started = performance.now();
const share = (count, of = decisions) => `${count} of ${of} (${((100 * count) / of).toFixed(1)} %)`;

function report(name, policy) {
  for (const better of [0, 0.05]) {
    const { promote, reject, undecided, greater } = countPromoted({ judge, policy, decisions, better });
    const kind = better === 0 ? 'equal' : `better by ${better}`;
    console.log(
      `${name}, ${kind}: promoted ${share(promote)}; rejected ${reject}, undecided ${undecided}; greater as seen ${greater}`,
    );
  }
}

/** Two forecasters of a series that are equally good, and whose errors are alike from one row to the next. */
function seriesEvidence(seed, rows, likeness) {
  const random = uniform(seed);
  const errors = () => {
    let error = normal(random);
    return Float64Array.from({ length: rows }, () => {
      const now = error;
      error = likeness * error + Math.sqrt(1 - likeness ** 2) * normal(random);
      return now;
    });
  };
  const model = (version) => ({ version, predictions: errors(), threshold: null });
  return {
    model: 'simulated',
    task: 'regression',
    target: new Float64Array(rows),
    candidate: { ...model(2), learner: 'simulated' },
    current: model(1),
    baselines: [],
    schema: { compatible: true, differences: [] },
    times: Float64Array.from({ length: rows }, (_, row) => row),
    holdout: { rows },
  };
}

report('default policy', parsePolicy({}, 'binary'));
report('default policy without its guard', parsePolicy({ guards: [] }, 'binary'));
report('preset balance', parsePolicy({ preset: 'balance' }, 'binary'));
report('preset balance, proof interval', parsePolicy({ preset: 'balance', proof: 'interval' }, 'binary'));
for (const blockRows of ['auto', 'off']) {
  const policy = { ...parsePolicy({ blockRows, baselines: [] }, 'regression'), resamples: 500 };
  let promoted = 0;
  for (let seed = 0; seed < decisions; seed++)
    if (judge({ ...policy, seed }, seriesEvidence(seed, 300, 0.8)).verdict === 'promote') promoted++;
  console.log(
    `300 rows in time order, errors correlated by 0.8, equal, blockRows ${blockRows}: promoted ${share(promoted)}`,
  );
}
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`);
