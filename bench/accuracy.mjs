#!/usr/bin/env node
// How good the learners are on public data, through the command line as a user would train: node bench/accuracy.mjs FOLDER [name...]
// FOLDER holds uci_credit_default, california_housing, wine_quality, bike_sharing, mammography, breast_cancer_wisconsin and cmapss_fd001,
// as their publishers give them. Each line is a figure on held-out rows beside the bar it has to reach; the exit code counts those that do not.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [data, ...only] = process.argv.slice(2);
const cli = join(fileURLToPath(new URL('.', import.meta.url)), '..', 'bin', 'riskops.js');
const folder = mkdtempSync(join(tmpdir(), 'riskops-accuracy-'));

function train(args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [cli, 'train', '--dir', folder, '--json', ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`riskops train ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

const text = (...path) => readFileSync(join(data, ...path), 'utf8');

function write(name, lines) {
  const file = join(folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Files that come without names of their columns get them here. */
const withHeader = (header, ...path) => [
  header,
  ...text(...path)
    .trim()
    .split(/\r?\n/),
];

function california() {
  const [header, ...rows] = text('california_housing', 'housing.csv').trim().split(/\r?\n/);
  const at = header.split(',').indexOf('median_house_value');
  const scaled = rows.map((row) => {
    const cells = row.split(',');
    cells[at] = String(Number(cells[at]) / 1e5);
    return cells.join(',');
  });
  return write('california.csv', [header, ...scaled]);
}

function bikes() {
  const [header, ...rows] = text('bike_sharing', 'hour.csv').trim().split(/\r?\n/);
  return write('bikes.csv', [header, ...rows]);
}

const fd001Header = ['unit', 'cycle', 'setting1', 'setting2', 'setting3']
  .concat(Array.from({ length: 21 }, (_, i) => `s${i + 1}`))
  .join(',');

/** Engines whose number is 4 mod 5 are held out: they come as the second file of the split. */
function fd001() {
  const rows = text('cmapss_fd001', 'train_FD001.txt')
    .trim()
    .split(/\r?\n/)
    .map((row) => row.trim().split(/\s+/));
  const part = (held) =>
    rows.filter(([unit]) => (Number(unit) % 5 === 4) === held).map((cells) => cells.join(','));
  return {
    train: write('fd001-train.csv', [fd001Header, ...part(false)]),
    test: write('fd001-test.csv', [fd001Header, ...part(true)]),
  };
}

const sensors = Array.from({ length: 21 }, (_, i) => `s${i + 1}`);
const fd001Recipe = JSON.stringify([
  { kind: 'rolling', columns: sensors, windows: [5, 20], of: ['mean', 'sd'] },
]);
const fd001Label = JSON.stringify({
  kind: 'run-to-failure',
  time: 'cycle',
  group: 'unit',
  unit: 'cycles',
  cap: 125,
  name: 'rul',
});

function fd001Args(learner, more) {
  const { train: first, test } = fd001();
  return [
    ...['--model', `fd001-${learner}`, '--data', first, '--split', `file:${test}`, '--target', 'rul'],
    ...['--label', fd001Label, '--time', 'cycle', '--series', 'unit', '--learner', learner, ...more],
  ];
}

const every = ['--split', 'every:5:4'];
const wineHeader =
  'fixed_acidity,volatile_acidity,citric_acid,residual_sugar,chlorides,free_sulfur,total_sulfur,density,ph,sulphates,alcohol,quality';
const wine = () => write('wine.csv', withHeader(wineHeader, 'wine_quality', 'winequality-white.csv'));
const mammography = () =>
  write('mammography.csv', withHeader('a1,a2,a3,a4,a5,a6,label', 'mammography', 'mammography.csv'));
const cancer = () =>
  write(
    'cancer.csv',
    withHeader('c1,c2,c3,c4,c5,c6,c7,c8,c9,class', 'breast_cancer_wisconsin', 'breast-cancer-wisconsin.csv'),
  );
const credit = () => join(data, 'uci_credit_default', 'UCI_Credit_Card.csv');
const creditArgs = (learner) => ['--data', credit(), '--target', 'class', ...every, '--learner', learner];

const cases = [
  {
    name: 'UCI credit, gradient boosting',
    metric: 'auc',
    least: 0.785,
    args: () => creditArgs('gradient-boosting'),
  },
  { name: 'UCI credit, random forest', metric: 'auc', least: 0.768, args: () => creditArgs('random-forest') },
  {
    name: 'California housing, gradient boosting',
    metric: 'rmse',
    most: 0.5,
    args: () => ['--data', california(), '--target', 'median_house_value', ...every],
  },
  {
    name: 'wine white, random forest',
    metric: 'rmse',
    most: 0.64,
    args: () => [
      '--data',
      wine(),
      '--target',
      'quality',
      '--task',
      'regression',
      ...every,
      '--learner',
      'random-forest',
    ],
  },
  {
    name: 'bike sharing by the hour, gradient boosting',
    metric: 'rmse',
    most: 68,
    args: () => [
      ...[
        '--data',
        bikes(),
        '--target',
        'cnt',
        '--split',
        'time:instant:0.2',
        '--drop',
        'instant,casual,registered',
      ],
    ],
  },
  {
    name: 'mammography, isolation forest',
    metric: 'auc',
    least: 0.85,
    args: () => [
      '--data',
      mammography(),
      '--target',
      'label',
      '--positive',
      "'1'",
      ...every,
      '--learner',
      'isolation-forest',
    ],
  },
  {
    name: 'mammography, random forest',
    metric: 'auc',
    least: 0.93,
    args: () => [
      '--data',
      mammography(),
      '--target',
      'label',
      '--positive',
      "'1'",
      ...every,
      '--learner',
      'random-forest',
    ],
  },
  {
    name: 'breast cancer, random forest',
    metric: 'auc',
    least: 0.985,
    args: () => ['--data', cancer(), '--target', 'class', ...every, '--learner', 'random-forest'],
  },
  {
    name: 'FD001, gradient boosting on rolling features',
    metric: 'rmse',
    most: 17.9,
    args: () => fd001Args('gradient-boosting', ['--recipe', fd001Recipe]),
  },
  {
    name: 'FD001, LSTM on the sensors (bar: the gradient boosting above)',
    metric: 'rmse',
    most: 17.5,
    args: () => fd001Args('lstm', ['--set', 'window=30', '--set', 'epochs=30', '--set', 'early_stopping=5']),
  },
];

let missed = 0;
let boosted = Number.NaN;
try {
  for (const { name, metric, least, most, args } of cases) {
    if (only.length > 0 && !only.some((word) => name.toLowerCase().includes(word.toLowerCase()))) continue;
    const started = performance.now();
    const { metrics } = train(args());
    const value = metrics[metric];
    const bar = name.includes('bar: the gradient') && Number.isFinite(boosted) ? boosted : (most ?? least);
    if (name.startsWith('FD001, gradient')) boosted = value;
    const held = most === undefined ? value >= bar : value <= bar;
    if (!held) missed++;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `${held ? 'holds ' : 'MISSED'}  ${name}: ${metric} ${value.toFixed(4)}, ${most === undefined ? 'at least' : 'at most'} ${bar.toFixed(4)} (${seconds} s)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = missed;
