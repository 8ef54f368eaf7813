// A thread of bench/stream.mjs: how long /health takes, and how much memory the server has, until it is told to stop.
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const { url, pid } = workerData;
const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const before = resident();
const times = [];
let memory = before;
let stopped = false;
parentPort.once('message', () => {
  stopped = true;
});
while (!stopped) {
  const begun = performance.now();
  await (await fetch(`${url}/health`)).text();
  times.push(performance.now() - begun);
  memory = Math.max(memory, resident());
  await new Promise((resolve) => setTimeout(resolve, 20));
}
times.sort((a, b) => a - b);
parentPort.postMessage({
  before,
  memory,
  asked: times.length,
  median: times[times.length >> 1],
  slowest: times.at(-1),
});
