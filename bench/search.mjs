#!/usr/bin/env node
// Search over 10,000 runs with 50 metrics each, in process: pages of 100 through `listRuns`, in turn; milliseconds a page, and
// the least of its processor's time, which tells more where others use the machine.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRuns, openStore } from '../dist/index.js';
import { alternate } from './measure.mjs';

const rounds = Number(process.argv[2] ?? 20);
const [RUNS, METRICS, BATCH] = [10_000, 50, 100];

const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-'));
const artifacts = join(folder, 'artifacts');
const places = {
  database: join(folder, 'riskops.db'),
  artifacts,
  currentModel: join(artifacts, 'models', 'current.json'),
};

/** Numbers in [0, 1), the same in each round (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function runRow(i) {
  const run_id = randomUUID().replaceAll('-', '');
  const time = new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString();
  return {
    ...{
      run_id,
      dir_name: `20260101_000000_train_${run_id}`,
      kind: 'train',
      model: 'credit',
      status: 'FINISHED',
    },
    ...{
      created_at: time,
      ended_at: time,
      duration_ms: 1000,
      git_commit: 'a'.repeat(40),
      git_branch: 'main',
    },
    ...{ git_dirty: 0, host: 'h', pid: 1, boot_id: 'b', process_started: '1', heartbeat_at: time },
    environment_json: JSON.stringify({ node: '24', packages: 'x'.repeat(300) }),
  };
}

async function fill(store) {
  const random = numbers(1);
  for (let first = 0; first < RUNS; first += BATCH) {
    const rows = Array.from({ length: BATCH }, (_, i) => runRow(first + i));
    await store.write(async (transaction) => {
      for (const row of rows) {
        await transaction.insertInto('runs').values(row).execute();
        const params = {
          depth: 3 + Math.floor(random() * 6),
          lr: random() / 10,
          seed: first,
          learner: 'ridge',
          rows: 1000,
        };
        const pairs = Object.entries(params).map(([key, value]) => ({
          run_id: row.run_id,
          key,
          value: String(value),
        }));
        await transaction.insertInto('params').values(pairs).execute();
      }
    });
    await store.insertMetrics(
      rows.flatMap(({ run_id }) =>
        Array.from({ length: METRICS }, (_, m) => ({
          run_id,
          key: `m${m}`,
          step: 0,
          value: random(),
          logged_ms: 0,
        })),
      ),
    );
  }
}

const writer = await openStore(places, { mode: 'write' });
const began = performance.now();
await fill(writer);
await writer.close();
const filledMs = performance.now() - began;

const store = await openStore(places, { mode: 'read' });
const leastCpu = {};
const page = (name, options) => async () => {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const { items, total } = await listRuns(store, { limit: 100, ...options });
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  leastCpu[name] = Math.min(leastCpu[name] ?? Infinity, (user + system) / 1000);
  if (
    items.length !== 100 ||
    (options.includeMetrics !== false && Object.keys(items[0].metrics).length !== METRICS)
  )
    throw new Error(`a page of ${items.length} of ${total} runs`);
  return ms;
};
const where = 'metrics.m7 > .5 and params.depth in (4, 6)';
const order = 'metrics.m3 desc';
const { next_after } = await listRuns(store, { where, order, limit: 100 });
/** About as long as a filter may be, every term of it true. */
const longest = Array.from({ length: 500 }, (_, i) => `metrics.m${i % METRICS}>=0`).join(' and ');

const pages = {
  'newest 100': { includeMetrics: false },
  'newest 100, with metrics': {},
  'offset 5,000': { includeMetrics: false, offset: 5000 },
  'filtered and ordered, with metrics': { where, order },
  'the page after it': { where, order, after: next_after },
  'ordered by a metric': { order, includeMetrics: false },
  'ordered by the best of a metric': { order: 'best(metrics.m3) desc', includeMetrics: false },
};
const measured = (some) =>
  Object.fromEntries(Object.entries(some).map(([name, options]) => [name, page(name, options)]));
const result = await alternate(rounds, measured(pages));
const slow = { 'a filter of 500 terms, all true': { where: longest, includeMetrics: false } };
Object.assign(result, await alternate(1, measured(slow)));
await store.close();
rmSync(folder, { recursive: true, force: true });
console.log(
  JSON.stringify(
    {
      unit: 'ms',
      runs: RUNS,
      metrics: METRICS,
      filledMs: Math.round(filledMs),
      ...result,
      leastCpu,
      limits: { 'newest 100': 10, 'filtered and ordered, with metrics': 50 },
    },
    null,
    2,
  ),
);
