#!/usr/bin/env node
// Single durable logs a second, all of 8 processes together: `run.logMetrics` of one point and `run.flush`, beside a bare
// BEGIN IMMEDIATE, insert of one row, COMMIT by as many processes with the same jittered retry; in turn. Each is on disk when
// it is counted, so the rate of the disk's own fdatasync is printed too.
import { spawn } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { alternate } from './measure.mjs';

const [rounds, seconds] = [Number(process.argv[2] ?? 5), 2];
const PROCESSES = 8;
const child = join(import.meta.dirname, 'durability-child.mjs');
const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-'));

/** One life of eight writers; logs a second of all of them, counted while all were at work. */
async function rateOf(kind) {
  const writers = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, [child, kind, folder, String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const lines = writers.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
  const said = () => Promise.all(lines.map(async (line) => (await line.next()).value));
  for (const word of await said()) if (word !== 'ready') throw new Error(`a writer failed to start: ${word}`);
  for (const { stdin } of writers) stdin.end('go\n');
  const counts = (await said()).map(Number);
  if (counts.some((count) => !(count > 0))) throw new Error(`a writer wrote nothing: ${counts}`);
  return counts.reduce((a, b) => a + b) / seconds;
}

/** Writes of one page, each synced, by one process. */
function syncsOfTheDisk() {
  const path = join(folder, 'syncs');
  const handle = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < 1000; count++) {
    writeSync(handle, page, 0, page.length, (count % 256) * page.length);
    fdatasyncSync(handle);
  }
  closeSync(handle);
  rmSync(path);
  return count / ((performance.now() - start) / 1000);
}

const seen = await alternate(rounds, {
  riskops: () => rateOf('riskops'),
  bare: () => rateOf('bare'),
  'fdatasync of one page': syncsOfTheDisk,
});
rmSync(folder, { recursive: true, force: true });
console.log(
  JSON.stringify(
    {
      unit: 'durable logs/s',
      processes: PROCESSES,
      ...seen,
      ratio: seen.riskops.median / seen.bare.median,
      limits: { median: 2_000, ratio: 0.5 },
    },
    (_, value) => (typeof value === 'number' && value > 100 ? Math.round(value) : value),
    2,
  ),
);
