#!/usr/bin/env node
// Metrics a second: `run.logMetrics` of the public API, ten metrics a step, beside bare prepared inserts of the same rows into
// the same table in batches of the same size, a row a statement and fifty. All write-ahead log, synchronous FULL, on the same
// disk, in turn.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, startRun } from '../dist/index.js';
import { alternate } from './measure.mjs';
import { rawDatabase } from './raw-database.mjs';

const rounds = Number(process.argv[2] ?? 7);
/** Steps a round, in whole batches. */
const steps = 30_000;
/** What the buffer of a run writes at once. */
const BATCH = 5000;
const NAMES = Array.from({ length: 10 }, (_, i) => `metric_${i}`);
const POINTS = steps * NAMES.length;

const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-'));
const artifacts = join(folder, 'artifacts');
const store = await openStore(
  {
    database: join(folder, 'riskops.db'),
    artifacts,
    currentModel: join(artifacts, 'models', 'current.json'),
  },
  { mode: 'write' },
);
const raw = rawDatabase(join(folder, 'raw.db'));
const columns = '(?, ?, ?, ?, ?, ?)';
const insertRow = raw.prepare(`INSERT INTO metric_points VALUES ${columns}`);
const FIFTY = 50;
const insertFifty = raw.prepare(`INSERT INTO metric_points VALUES ${Array(FIFTY).fill(columns).join(', ')}`);

/** One batch, a step after another, a row a statement: how anyone writes it first. */
const rowByRow = raw.transaction((series, from, to) => {
  const now = Date.now();
  for (let step = from; step < to; step++)
    for (let i = 0; i < NAMES.length; i++) insertRow.run(series + i, step, step, step / 7 + i, null, now);
});
/** The same rows, a metric after another, fifty a statement: about the most that SQLite takes from Node. */
const byFifties = raw.transaction((series, from, to) => {
  const now = Date.now();
  for (let i = 0; i < NAMES.length; i++)
    for (let first = from; first < to; first += FIFTY) {
      const cells = [];
      for (let step = first; step < first + FIFTY; step++)
        cells.push(series + i, step, step, step / 7 + i, null, now);
      insertFifty.run(cells);
    }
});
let rawSeries = 0;

/** A training loop that logs ten values a step; points a second, all of them on disk. */
async function throughTheApi() {
  const run = await startRun(store, { kind: 'bench', cwd: folder });
  const start = performance.now();
  for (let step = 0; step < steps; step++) {
    const at = step / 7;
    run.logMetrics(
      {
        metric_0: at,
        metric_1: at + 1,
        metric_2: at + 2,
        metric_3: at + 3,
        metric_4: at + 4,
        metric_5: at + 5,
        metric_6: at + 6,
        metric_7: at + 7,
        metric_8: at + 8,
        metric_9: at + 9,
      },
      step,
    );
  }
  await run.flush();
  const seconds = (performance.now() - start) / 1000;
  await run.end();
  return POINTS / seconds;
}

function bareInserts(insertBatch) {
  const stepsABatch = BATCH / NAMES.length;
  const start = performance.now();
  for (let step = 0; step < steps; step += stepsABatch)
    insertBatch.immediate(rawSeries, step, step + stepsABatch);
  const seconds = (performance.now() - start) / 1000;
  rawSeries += NAMES.length;
  return POINTS / seconds;
}

const seen = await alternate(rounds, {
  'run.logMetrics': throughTheApi,
  'bare inserts': () => bareInserts(rowByRow),
  'bare inserts, 50 rows a statement': () => bareInserts(byFifties),
});
await store.close();
raw.close();
rmSync(folder, { recursive: true, force: true });
console.log(
  JSON.stringify(
    {
      unit: 'points/s',
      points: POINTS,
      ...seen,
      ratios: ['bare inserts', 'bare inserts, 50 rows a statement'].map(
        (name) => seen['run.logMetrics'].median / seen[name].median,
      ),
      limits: { median: 300_000, ratio: 0.5 },
    },
    (_, value) => (typeof value === 'number' && value > 100 ? Math.round(value) : value),
    2,
  ),
);
