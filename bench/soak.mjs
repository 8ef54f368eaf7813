#!/usr/bin/env node
// Mixed load on `riskops serve` with its shipped defaults for half an hour, at about half of what it can do: does its memory grow, is every answer in the
// log? Usage: node bench/soak.mjs [minutes] [requests a second]
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FEATURES, makeCredit } from './credit.mjs';
import { summary } from './measure.mjs';

const minutes = Number(process.argv[2] ?? 30);
const rate = Number(process.argv[3] ?? 2_000);
const binary = fileURLToPath(new URL('../bin/riskops.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-soak-'));

function riskops(...words) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [binary, ...words], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`riskops ${words.join(' ')}: ${stderr}`);
  return stdout;
}

const rows = 20_000;
const { x, y } = makeCredit(rows, 1);
const names = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
const rowAt = (i) =>
  Array.from(x.subarray((i % rows) * FEATURES, ((i % rows) + 1) * FEATURES), (value) =>
    Number.isNaN(value) ? null : Number(value.toFixed(4)),
  );
const lines = Array.from(
  y,
  (target, i) =>
    `${rowAt(i)
      .map((value) => value ?? '')
      .join(',')},${target}`,
);
writeFileSync(join(folder, 'credit.csv'), `${[...names, 'y'].join(',')}\n${lines.join('\n')}\n`);
riskops(
  'train',
  '--data',
  'credit.csv',
  '--target',
  'y',
  '--model',
  'credit',
  '--learner',
  'gradient-boosting',
  '--set',
  'trees=100',
  '--set',
  'leaves=31',
);
riskops('promote', '--latest');

const server = spawn(process.execPath, [binary, 'serve', '--port', '0', '--json'], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const { port } = await new Promise((resolve) => {
  let text = '';
  server.stdout.on('data', (part) => {
    text += part;
    if (/^}$/m.test(text)) resolve(JSON.parse(text));
  });
});

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const counts = { predicted: 0, refused: 0, other: 0, failed: 0, late: 0 };
const times = [];

/** Resolves with the status and the body. */
function ask(method, path, body, headers = { 'content-type': 'application/json' }) {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        port,
        host: '127.0.0.1',
        method,
        path,
        agent,
        headers: body === undefined ? {} : { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

let ids = [];
const predict =
  (body, count, status = 200) =>
  async () => {
    const answer = await ask('POST', '/predict', body);
    if (answer.status !== status) throw new Error(`${answer.status}: ${answer.text.slice(0, 200)}`);
    if (status !== 200) counts.refused++;
    else {
      counts.predicted += count;
      if (ids.length < 100) ids.push(JSON.parse(answer.text).prediction_id);
    }
  };
const read = (path) => async () => {
  const { status } = await ask('GET', path);
  if (status !== 200) throw new Error(`${path}: ${status}`);
  counts.other++;
};

/** What is asked, and how often of 1,000. */
const mix = [
  [860, (i) => predict(JSON.stringify({ features: rowAt(i) }), 1)],
  [
    60,
    (i) =>
      predict(
        JSON.stringify({ inputs: Object.fromEntries(rowAt(i).map((value, j) => [names[j], value])) }),
        1,
      ),
  ],
  [20, (i) => predict(JSON.stringify({ features: [1e9, ...rowAt(i).slice(1)] }), 1)],
  [15, (i) => predict(JSON.stringify({ features: [rowAt(i), rowAt(i + 1), rowAt(i + 2)] }), 3)],
  [10, (i) => predict(JSON.stringify({ features: rowAt(i).slice(1) }), 0, 400)],
  [5, () => predict('{"features":[1,', 0, 400)],
  [20, () => read('/health')],
  [5, () => read('/metrics')],
  [3, () => read('/model')],
  [
    2,
    () => async () => {
      const outcomes = ids.map((prediction_id) => ({ prediction_id, value: 0 }));
      ids = [];
      if (outcomes.length === 0) return;
      const { status, text } = await ask('POST', '/outcomes', JSON.stringify({ outcomes }));
      if (status >= 300) throw new Error(`/outcomes: ${status} ${text.slice(0, 200)}`);
      counts.other++;
    },
  ],
];
const table = mix.flatMap(([share, make]) => Array(share).fill(make));

const memory = [];
const rssOf = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
const handlesOf = () =>
  spawnSync('sh', ['-c', `ls /proc/${server.pid}/fd | wc -l`], { encoding: 'utf8' }).stdout.trim();
let firstError;
let inFlight = 0;
const begun = performance.now();
const end = begun + minutes * 60_000;
let sent = 0;
let nextLook = begun;
while (performance.now() < end) {
  const now = performance.now();
  if (now >= nextLook) {
    memory.push({ minute: (now - begun) / 60_000, rss: rssOf() });
    nextLook += 10_000;
    if (memory.length % 30 === 1)
      console.error(
        `minute ${memory.at(-1).minute.toFixed(0)}: ${memory.at(-1).rss.toFixed(0)} MB, ${sent} requests, ${handlesOf()} handles`,
      );
  }
  for (; sent < ((now - begun) / 1000) * rate; sent++) {
    if (inFlight >= 400) {
      counts.late++;
      continue;
    }
    inFlight++;
    const work = table[(sent * 617) % table.length](sent);
    const at = performance.now();
    work()
      .then(() => times.length < 4_000_000 && times.push(performance.now() - at))
      .catch((error) => {
        counts.failed++;
        firstError ??= error;
      })
      .finally(() => inFlight--);
  }
  await sleep(2);
}
while (inFlight > 0) await sleep(10);
const metrics = (await ask('GET', '/metrics')).text;
const figure = (name) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)`, 'm').exec(metrics)?.[1]);
const dropped = figure('riskops_prediction_log_dropped_rows');
const cpu = figure('process_cpu_seconds');
server.kill('SIGTERM');
await new Promise((resolve) => server.once('exit', resolve));
agent.destroy();

const logged = Number(
  JSON.parse(riskops('query', 'SELECT sum(rows) AS rows FROM prediction_segments', '--json')).rows[0].rows ??
    0,
);
const late = memory.filter(({ minute }) => minute >= minutes / 6);
const mean = (list, pick) => list.reduce((sum, item) => sum + pick(item), 0) / list.length;
const [minute, rss] = [mean(late, (item) => item.minute), mean(late, (item) => item.rss)];
const slope =
  late.reduce((sum, item) => sum + (item.minute - minute) * (item.rss - rss), 0) /
  late.reduce((sum, item) => sum + (item.minute - minute) ** 2, 0);
times.sort((a, b) => a - b);
console.log(
  JSON.stringify(
    {
      minutes,
      requests: sent,
      ...counts,
      logged,
      missing: counts.predicted - logged,
      dropped,
      'CPU seconds of the server': cpu,
      'resident MB': summary(late.map((item) => item.rss)),
      'first and last sixth, MB': [
        mean(late.slice(0, Math.ceil(late.length / 6)), (item) => item.rss),
        mean(late.slice(-Math.ceil(late.length / 6)), (item) => item.rss),
      ],
      'growth, MB an hour': slope * 60,
      'ms p50, p99': [times[Math.floor(times.length / 2)], times[Math.floor(times.length * 0.99)]],
      firstError: firstError?.message,
    },
    null,
    2,
  ),
);
rmSync(folder, { recursive: true, force: true });
