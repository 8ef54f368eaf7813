// The scores of simple forecasts on the hourly series of the M4 competition, which are known to three decimals.
// usage: node bench/m4.mjs FOLDER, with Hourly-train.csv and Hourly-test.csv of https://github.com/Mcompetitions/M4-methods
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** As the organisers published them (Makridakis, Spiliotis & Assimakopoulos 2020), hourly series, 48 steps. */
const PUBLISHED = {
  'seasonal-naive': { smape: 13.912, mase: 1.193 },
  naive: { smape: 43.003, mase: 11.608 },
};

const folder = process.argv[2];
const [train, test] = ['Hourly-train.csv', 'Hourly-test.csv'].map((name) => join(folder ?? '', name));
if (folder === undefined || !existsSync(train) || !existsSync(test)) {
  console.error('usage: node bench/m4.mjs FOLDER, with Hourly-train.csv and Hourly-test.csv');
  process.exit(2);
}
const binary = join(import.meta.dirname, '..', 'bin', 'riskops.js');
let isRight = true;
for (const [learner, published] of Object.entries(PUBLISHED)) {
  const words = ['evaluate', '--learner', learner, '--season', '24', '--data', train, '--test', test];
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...words, '--json'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const found = JSON.parse(stdout);
  for (const [score, wanted] of Object.entries(published)) {
    const shown = found[score].toFixed(3);
    const isSame = shown === wanted.toFixed(3);
    isRight &&= isSame;
    console.log(`${learner} ${score}: ${shown}, published ${wanted}${isSame ? '' : ' DIFFERS'}`);
  }
  console.log(`${found.series} series in ${Math.round(performance.now() - started)} ms`);
}
process.exitCode = isRight ? 0 : 1;
