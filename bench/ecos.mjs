#!/usr/bin/env node
// Forecasts of monthly series of the Bank of Korea: node bench/ecos.mjs FOLDER
// FOLDER holds one CSV a series (date as YYYYMM, value), as the bank's service gives them. The target is the monthly difference of the
// housing price index, the last 32 of them held out. A forecaster has to beat walk-forward persistence, whose RMSE is .136 there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = process.argv[2];
const learners = process.argv.length > 3 ? process.argv.slice(3) : ['lstm', 'gradient-boosting', 'ridge'];
const cli = join(fileURLToPath(new URL('.', import.meta.url)), '..', 'bin', 'riskops.js');

function readSeries(file) {
  const lines = readFileSync(join(source, file), 'utf8')
    .replace(/^\uFEFF/, '')
    .trim()
    .split(/\r?\n/)
    .slice(1);
  return new Map(
    lines
      .map((line) => line.split(','))
      .map(([date, value]) => [date, value === '' ? Number.NaN : Number(value)]),
  );
}

/** Months without a value lie on the line between their neighbours, those at an end take the nearest value. */
function fill(values) {
  const known = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]));
  return values.map((value, i) => {
    if (!Number.isNaN(value)) return value;
    const before = known.findLast((at) => at < i);
    const after = known.find((at) => at > i);
    if (before === undefined) return values[after];
    if (after === undefined) return values[before];
    return values[before] + ((values[after] - values[before]) * (i - before)) / (after - before);
  });
}

const files = readdirSync(source)
  .filter((file) => file.endsWith('.csv'))
  .sort();
const series = new Map(files.map((file) => [basename(file, '.csv').normalize('NFC'), readSeries(file)]));
// The last month is not published in full yet.
const months = [...new Set([...series.values()].flatMap((values) => [...values.keys()]))].sort().slice(0, -1);
const columns = [...series].map(([name, values]) => [
  name,
  fill(months.map((month) => values.get(month) ?? Number.NaN)),
]);
const changed = columns.map(([name, values]) => [name, values.slice(1).map((value, i) => value - values[i])]);
const rows = months
  .slice(1)
  .map((month, i) =>
    [`${month.slice(0, 4)}-${month.slice(4)}-01`, ...changed.map(([, values]) => values[i])].join(','),
  );
const folder = mkdtempSync(join(tmpdir(), 'riskops-ecos-'));
try {
  const file = join(folder, 'ecos.csv');
  writeFileSync(file, `${['date', ...changed.map(([name]) => name)].join(',')}\n${rows.join('\n')}\n`);
  for (const learner of learners) {
    const args = [
      ...['train', '--dir', folder, '--json', '--model', `housing-${learner}`, '--data', file],
      ...[
        '--target',
        'housing_sale_price',
        '--task',
        'regression',
        '--time',
        'date',
        '--horizon',
        '3',
        '--split',
        'time:date:32',
        '--learner',
        learner,
      ],
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    const { metrics, gate } = JSON.parse(stdout);
    console.log(`${learner}: RMSE ${metrics.rmse.toFixed(4)}, verdict ${gate.verdict}`);
    for (const { against, metric, other } of gate.comparisons)
      console.log(`  ${against}: ${metric} ${other.toFixed(4)}`);
    for (const { rule, passed, text } of gate.reasons)
      if (passed === false) console.log(`  refused by ${rule}: ${text}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
