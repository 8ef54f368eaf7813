// 100,000 rows through `riskops serve` with its shipped defaults, as NDJSON and as CSV: rows a second, the growth of the server's
// resident memory, and how long /health takes meanwhile. The model is a forest of 100 trees on made-up credit cases of 20 features.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FEATURES, makeCredit } from './credit.mjs';

const ROWS = Number(process.argv[2] ?? 100_000);
const binary = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'riskops.js');
const folder = mkdtempSync(join(tmpdir(), 'riskops-stream-'));
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('RISKOPS_')));
const riskops = (...words) => execFileSync(process.execPath, [binary, ...words], { cwd: folder, env });

const names = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
const { x, y } = makeCredit(5_000, 1);
const cells = (row) => Array.from(x.subarray(row * FEATURES, (row + 1) * FEATURES), (v) => v.toPrecision(8));
const csv = [...names, 'target'].join(',');
writeFileSync(
  join(folder, 'train.csv'),
  `${[csv, ...Array.from(y, (target, row) => [...cells(row), target].join(','))].join('\n')}\n`,
);
writeFileSync(
  join(folder, 'riskops.config.json'),
  JSON.stringify({ models: { credit: { data: 'train.csv', target: 'target' } } }),
);
riskops('train', '--model', 'credit', '--learner', 'random-forest', '--set', 'trees=100', '--promote');

const server = spawn(process.execPath, [binary, 'serve', '--port', '0', '--json'], { cwd: folder, env });
const { url } = await new Promise((resolve, reject) => {
  let text = '';
  server.stdout.on('data', (chunk) => {
    text += chunk;
    try {
      resolve(JSON.parse(text));
    } catch {
      // not all of it yet
    }
  });
  server.once('exit', () => reject(new Error('the server ended')));
});

/** Asks /health, in a thread of its own: the one that streams has enough to do. */
function watchHealth() {
  const thread = new Worker(new URL('./stream-health.mjs', import.meta.url), {
    workerData: { url, pid: server.pid },
  });
  return () => {
    const found = new Promise((resolve) => thread.once('message', resolve));
    thread.postMessage('stop');
    return found;
  };
}

const formats = {
  'application/x-ndjson': (row) =>
    `${JSON.stringify(Object.fromEntries(cells(row).map((v, i) => [names[i], Number(v)])))}\n`,
  'text/csv': (row) => `${cells(row).join(',')}\n`,
};

async function stream(type, readLate) {
  const stop = watchHealth();
  const begun = performance.now();
  const call = request(`${url}/predict`, { method: 'POST', headers: { 'content-type': type } });
  const lines = new Promise((resolve, reject) => {
    call.once('error', reject);
    call.once('response', async (answer) => {
      if (readLate) await sent;
      let count = 0;
      for await (const _ of createInterface({ input: answer })) count++;
      resolve(count);
    });
  });
  const sent = (async () => {
    if (type === 'text/csv') call.write(`${names.join(',')}\n`);
    for (let row = 0; row < ROWS; row += 500) {
      const text = Array.from({ length: Math.min(500, ROWS - row) }, (_, i) =>
        formats[type]((row + i) % 5_000),
      ).join('');
      if (!call.write(text)) await new Promise((resolve) => call.once('drain', resolve));
    }
    call.end();
  })();
  const count = await lines;
  const seconds = (performance.now() - begun) / 1000;
  const { before, slowest, median, memory, asked } = await stop();
  if (count !== ROWS + 1) throw new Error(`${count} lines came back`);
  console.log(
    `${type}${readLate ? ', read after all was sent' : ''}: ${Math.round(ROWS / seconds)} rows/s; memory ${before.toFixed(0)} -> ${memory.toFixed(0)} MB (+${(memory - before).toFixed(0)}); /health ${median.toFixed(0)} ms, at most ${slowest.toFixed(0)} (${asked} times)`,
  );
}

try {
  for (const type of Object.keys(formats)) for (const readLate of [false, true]) await stream(type, readLate);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  console.log(
    /riskops_prediction_log_dropped_rows \d+/.exec(metrics)[0],
    /riskops_prediction_log_written_rows \d+/.exec(metrics)[0],
  );
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
