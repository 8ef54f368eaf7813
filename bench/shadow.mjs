// What a shadow costs those who wait for the promoted model: `riskops serve` with its shipped defaults, a logistic model promoted and a
// forest of 100 trees as its shadow, beside the same server without one, in turn. Latency of single rows at a fixed rate over 16
// connections, in many short rounds, so that what else the machine does falls on both; and CPU of the server a request.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FEATURES, makeCredit } from './credit.mjs';
import { summary } from './measure.mjs';

const ROUNDS = Number(process.argv[2] ?? 60);
const RATE = Number(process.argv[3] ?? 1_000);
const SECONDS = Number(process.argv[4] ?? 0.5);
const CONNECTIONS = 16;
const binary = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'riskops.js');
const folder = mkdtempSync(join(tmpdir(), 'riskops-shadow-'));
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('RISKOPS_')));
const riskops = (...words) => execFileSync(process.execPath, [binary, ...words], { cwd: folder, env });

const names = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
const { x, y } = makeCredit(5_000, 1);
const cells = (row) => Array.from(x.subarray(row * FEATURES, (row + 1) * FEATURES), (v) => v.toPrecision(8));
const lines = Array.from(y, (target, row) => [...cells(row), target].join(','));
writeFileSync(join(folder, 'train.csv'), `${[[...names, 'target'].join(','), ...lines].join('\n')}\n`);
writeFileSync(
  join(folder, 'riskops.config.json'),
  JSON.stringify({ models: { credit: { data: 'train.csv', target: 'target' } } }),
);
riskops('train', '--learner', process.env.PROMOTED ?? 'random-forest', '--set', 'trees=100', '--promote');
try {
  riskops('train', '--learner', 'random-forest', '--set', 'trees=100', '--seed', '2');
} catch (error) {
  // The gate need not find it better.
  if (![1, 3].includes(error.status)) throw error;
}
const bodies = Array.from({ length: 500 }, (_, row) =>
  JSON.stringify({ inputs: Object.fromEntries(cells(row).map((v, i) => [names[i], Number(v)])) }),
);

function serve(...words) {
  const server = spawn(process.execPath, [binary, 'serve', '--port', '0', '--json', ...words], {
    cwd: folder,
    env,
  });
  return new Promise((resolve, reject) => {
    let text = '';
    server.stdout.on('data', (chunk) => {
      text += chunk;
      try {
        const { port, url } = JSON.parse(text);
        resolve({ server, port, url });
      } catch {
        // not all of it yet
      }
    });
    server.once('exit', () => reject(new Error('the server ended')));
  });
}

/** CPU seconds of a process, or of its main thread, which gives the answers; Linux. */
function cpuOf(pid, isMain = false) {
  const path = isMain ? `/proc/${pid}/task/${pid}/stat` : `/proc/${pid}/stat`;
  const fields = readFileSync(path, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Asks at a fixed rate, whether answers are late or not; a latency counts from when the request was due. */
async function ask({ port, server }, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const latencies = [];
  const before = [cpuOf(server.pid), cpuOf(server.pid, true)];
  const begun = performance.now();
  const total = Math.round(RATE * seconds);
  let sent = 0;
  await new Promise((resolve, reject) => {
    const one = (due, body) => {
      const options = {
        ...{ port, path: '/predict', method: 'POST', agent },
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      };
      const call = request(options, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
        answer.resume().once('end', () => {
          latencies.push(performance.now() - due);
          if (latencies.length === total) resolve();
        });
      });
      call.once('error', reject);
      call.end(body);
    };
    const tick = setInterval(() => {
      const dueNow = Math.min(total, Math.floor(((performance.now() - begun) * RATE) / 1_000));
      for (; sent < dueNow; sent++) one(begun + (sent * 1_000) / RATE, bodies[sent % bodies.length]);
      if (sent === total) clearInterval(tick);
    }, 1);
  });
  agent.destroy();
  return { latencies, cpu: cpuOf(server.pid) - before[0], main: cpuOf(server.pid, true) - before[1] };
}

const quantileOf = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)];

const plain = await serve();
const shadowed = await serve('--shadow', 'latest');
try {
  for (const one of [plain, shadowed]) await ask(one, 2);
  const seen = { plain: [], shadowed: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % 2 === 0;
    for (const which of first ? ['plain', 'shadowed'] : ['shadowed', 'plain'])
      seen[which].push(await ask(which === 'plain' ? plain : shadowed, SECONDS));
  }
  const show = (name, without, within, unit) =>
    console.log(
      `${name}: ${without.toFixed(2)} without, ${within.toFixed(2)} with a shadow, ${unit}: ${(within / without).toFixed(3)} times`,
    );
  for (const [name, share] of Object.entries({ p50: 0.5, p95: 0.95, p99: 0.99 })) {
    const pooled = (which) =>
      quantileOf(
        seen[which].flatMap(({ latencies }) => latencies),
        share,
      );
    const ratios = seen.plain.map(
      ({ latencies }, i) => quantileOf(seen.shadowed[i].latencies, share) / quantileOf(latencies, share),
    );
    show(`${name} of all rounds`, pooled('plain'), pooled('shadowed'), 'ms');
    console.log(`  median ratio of the rounds: ${summary(ratios).median.toFixed(3)}`);
  }
  for (const [key, name] of Object.entries({ cpu: 'process', main: 'main thread' })) {
    const each = (which) =>
      (seen[which].reduce((sum, round) => sum + round[key], 0) * 1e6) / (ROUNDS * RATE * SECONDS);
    show(`CPU of the ${name}`, each('plain'), each('shadowed'), 'us a request');
  }
  const text = await (await fetch(`${shadowed.url}/metrics`)).text();
  console.log(text.match(/^riskops_shadow_\w+ \d+$/gm).join(', '));
} finally {
  for (const { server } of [plain, shadowed]) {
    server.kill('SIGTERM');
    await new Promise((resolve) => server.once('exit', resolve));
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
