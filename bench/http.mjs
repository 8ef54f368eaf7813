#!/usr/bin/env node
// Requests a second of `riskops serve` with its shipped defaults (log, metrics, request ids, limits), one row a request, beside a bare node:http server
// that parses the same JSON and sends it back, and beside FastAPI with scikit-learn's forest where Python has them; by wrk with 1, 16 and 64
// connections, in turn. Then the times of answers at half of what riskops can do.
// Usage: node bench/http.mjs [rounds] [seconds of a measurement]
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FEATURES, makeCredit } from './credit.mjs';
import { summary } from './measure.mjs';

const rounds = Number(process.argv[2] ?? 10);
const seconds = Number(process.argv[3] ?? 2);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-http-'));
const started = [];

/** Starts a server and resolves with its port, which it prints unless it is given. */
async function startServer(name, program, args, cwd, given) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  if (given !== undefined) {
    for (let i = 0; i < 300; i++) {
      if ((await fetch(`http://127.0.0.1:${given}/health`).catch(() => null))?.ok)
        return { name, child, port: given };
      if (child.exitCode !== null) return null;
      await sleep(200);
    }
    return null;
  }
  const text = await new Promise((resolve, reject) => {
    child.stdout.once('data', (part) => resolve(String(part)));
    child.once('exit', () => reject(new Error(`${name} ended`)));
  });
  return { name, child, port: Number(/(\d+)\D*$/.exec(/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? text)[1]) };
}

function riskops(cwd, ...words) {
  const { status, stderr } = spawnSync(process.execPath, [here('../bin/riskops.js'), ...words], {
    cwd,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`riskops ${words.join(' ')}: ${stderr}`);
}

/** A project with a promoted model, and its server. */
async function startRiskops(name, data, learner, ...more) {
  const cwd = mkdtempSync(join(folder, 'project-'));
  riskops(cwd, 'train', '--data', data, '--target', 'y', '--model', 'credit', '--learner', learner, ...more);
  riskops(cwd, 'promote', '--latest');
  return startServer(name, process.execPath, [here('../bin/riskops.js'), 'serve', '--port', '0'], cwd);
}

function cpuMicroseconds({ child }) {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

const script = join(folder, 'wrk.lua');
const bodyFile = join(folder, 'body.json');

function load(server, connections, forSeconds) {
  const before = cpuMicroseconds(server);
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${forSeconds}s`,
    '-s',
    script,
    `http://127.0.0.1:${server.port}/predict`,
  ];
  const { stderr, status } = spawnSync('wrk', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`wrk: ${stderr}`);
  const [rate, requests, bad] = stderr.trim().split(' ').map(Number);
  if (bad > 0) throw new Error(`${server.name}: ${bad} answers were no 200`);
  return { rate, cpu: (cpuMicroseconds(server) - before) / requests };
}

function atRate(server, rate, connections, forSeconds) {
  const words = [here('http-client.mjs'), server.port, bodyFile, rate, connections, forSeconds].map(String);
  const answer = JSON.parse(spawnSync(process.execPath, words, { encoding: 'utf8' }).stdout);
  if (answer.bad > 0) throw new Error(`${server.name}: ${answer.bad} answers were no 200`);
  return answer;
}

const round = (value, digits = 2) => Number(value.toFixed(digits));
const medianOf = (values) => summary(values).median;

async function main() {
  const rows = 20_000;
  const { x, y } = makeCredit(rows, 1);
  const names = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
  const cell = (value) => (Number.isNaN(value) ? '' : value.toFixed(4));
  const lines = Array.from(y, (target, i) =>
    [...x.subarray(i * FEATURES, (i + 1) * FEATURES)].map(cell).concat(target).join(','),
  );
  const data = join(folder, 'credit.csv');
  writeFileSync(data, `${[...names, 'y'].join(',')}\n${lines.join('\n')}\n`);
  // Between two rows of the data, so with as many digits as measured values have.
  const row = names.map((_, j) => round(x[j] + (x[5 * FEATURES + j] - x[j]) * 0.37132571, 8));
  writeFileSync(bodyFile, JSON.stringify({ features: row }));
  writeFileSync(
    script,
    `wrk.method = "POST"
local file = io.open("${bodyFile}", "rb")
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
function done(summary, latency)
  local e = summary.errors
  io.stderr:write(string.format("%.1f %d %d\\n", summary.requests / (summary.duration / 1e6), summary.requests, e.status + e.connect + e.read + e.write + e.timeout))
end
`,
  );
  for (const [name, values] of [
    ['x.f64', x],
    ['y.f64', Float64Array.from(y)],
  ])
    writeFileSync(join(folder, name), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

  const bare = await startServer('bare node:http', process.execPath, [here('http-bare.mjs')], folder);
  const boosting = await startRiskops(
    'riskops, boosting of 100 trees',
    data,
    'gradient-boosting',
    '--set',
    'trees=100',
    '--set',
    'leaves=31',
  );
  const forest = await startRiskops(
    'riskops, forest of 100 trees',
    data,
    'random-forest',
    '--set',
    'trees=100',
  );
  const port = 20_000 + (process.pid % 20_000);
  const rival = await startServer(
    'FastAPI, forest of 100 trees',
    '/usr/bin/python3',
    [here('http_rival.py'), join(folder, 'x.f64'), join(folder, 'y.f64'), String(FEATURES), String(port)],
    folder,
    port,
  ).catch(() => null);
  const servers = [bare, boosting, forest, ...(rival === null ? [] : [rival])];

  const results = [];
  const capacity = {};
  for (const connections of [1, 16, 64]) {
    const seen = servers.map(() => []);
    for (let i = -1; i < rounds; i++) {
      for (const [k, server] of servers.entries()) {
        const measured = load(server, connections, i < 0 ? 1 : seconds);
        if (i >= 0) seen[k].push(measured);
      }
    }
    for (const [k, { name }] of servers.entries()) {
      results.push({
        connections,
        server: name,
        'requests/s': Math.round(medianOf(seen[k].map(({ rate }) => rate))),
        'CPU us': round(medianOf(seen[k].map(({ cpu }) => cpu)), 1),
        'x bare': round(medianOf(seen[k].map(({ rate }, i) => rate / seen[0][i].rate))),
        'CPU x bare': round(medianOf(seen[k].map(({ cpu }, i) => cpu / seen[0][i].cpu))),
        ...(rival === null
          ? {}
          : { 'x FastAPI': round(medianOf(seen[k].map(({ rate }, i) => rate / seen[3][i].rate)), 1) }),
      });
    }
    if (connections === 16) capacity.rate = medianOf(seen[1].map(({ rate }) => rate));
  }
  console.table(results);

  const rate = Math.round(capacity.rate / 2);
  const times = { [bare.name]: [], [boosting.name]: [] };
  for (let i = 0; i < rounds; i++)
    for (const server of [bare, boosting])
      times[server.name].push(atRate(server, rate, 16, Math.max(3, seconds)));
  console.log(`\nAt ${rate} requests/s over 16 connections, milliseconds, medians of ${rounds}:`);
  console.table(
    Object.entries(times).map(([server, list]) => ({
      server,
      ...Object.fromEntries(
        ['p50', 'p95', 'p99'].map((name) => [name, round(medianOf(list.map((one) => one[name])), 3)]),
      ),
    })),
  );
}

try {
  await main();
} finally {
  for (const child of started) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
