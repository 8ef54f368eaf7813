#!/usr/bin/env node
// The most memory that `riskops train` takes: node bench/memory.mjs [rows] [folder]
// Writes a CSV of 20 numbers and a target a row (10 million rows, 1.3 GB, unless said), trains gradient boosting on it, and says the greatest
// resident set of the whole process, its threads included.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const rows = Number(process.argv[2] ?? 10_000_000);
const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'riskops-memory-'));
const file = join(folder, `rows-${rows}.csv`);
const FEATURES = 20;

/** xorshift32: the same file each time. */
let state = 1;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 4294967296;
}

function writeRows() {
  const out = openSync(file, 'w');
  const names = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
  writeSync(out, `${names.join(',')},bad\n`);
  let block = [];
  for (let row = 0; row < rows; row++) {
    const cells = [];
    let sum = 0;
    for (let i = 0; i < FEATURES; i++) {
      const value = Math.floor(random() * 10_000) / 1000;
      if (i < 5) sum += value;
      cells.push(value);
    }
    cells.push(random() < 1 / (1 + Math.exp(25 - sum)) ? 1 : 0);
    block.push(cells.join(','));
    if (block.length === 20_000 || row === rows - 1) {
      writeSync(out, `${block.join('\n')}\n`);
      block = [];
    }
  }
  closeSync(out);
}

if (!existsSync(file)) writeRows();
const child = fileURLToPath(new URL('./memory-child.mjs', import.meta.url));
const args = ['train', '--dir', folder, '--data', file, '--target', 'bad', '--json', '--set', 'trees=20'];
const started = performance.now();
const { status, stdout, stderr } = spawnSync(process.execPath, [child, ...args], {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
if (status !== 0) throw new Error(stderr);
const { metrics, rows: counted } = JSON.parse(stdout);
const { maxRSS } = JSON.parse(stderr.trim().split('\n').at(-1));
const seconds = (performance.now() - started) / 1000;
console.log(
  `${counted.train} rows to learn, ${counted.test} held out, ${(statSync(file).size / 1e6).toFixed(0)} MB of CSV`,
);
console.log(
  `AUC ${metrics.auc.toFixed(4)}, ${seconds.toFixed(0)} s, at most ${(maxRSS / 1024 ** 2).toFixed(2)} GiB`,
);
if (process.argv[3] === undefined) rmSync(folder, { recursive: true, force: true });
