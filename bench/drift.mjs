// What `riskops drift` calls drift when the truth is known: 400 windows of 20 features and scores, beside references of 2,000 rows.
import { categoryReference, compareColumn, judgeComparisons, numberReference } from '../dist/index.js';
import { countDrifted } from './drift-simulation.mjs';

const windows = Number(process.argv[2] ?? 400);
const tools = { categoryReference, compareColumn, judgeComparisons, numberReference };
const started = performance.now();

for (const rows of [200, 500, 1000]) {
  const none = countDrifted(tools, { windows, rows });
  const [half, fifth] = [0.5, 0.2].map((shift) =>
    countDrifted(tools, { windows, rows, shift, seed: 50_000 }),
  );
  console.log(
    `${rows} rows: alarms without drift ${none.drifted} of ${windows}; 2 of 20 features half a standard deviation higher: found ${half.drifted}, both named ${half.both}; a fifth higher: found ${fifth.drifted}`,
  );
}
const small = countDrifted(tools, { windows, rows: 200, referenceRows: 300 });
const found = countDrifted(tools, { windows, rows: 200, referenceRows: 300, shift: 0.5, seed: 50_000 });
console.log(
  `200 rows beside a reference of 300: alarms ${small.drifted} of ${windows}; half a standard deviation found ${found.drifted}`,
);
console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
