#!/usr/bin/env node
// Megabytes a CPU second (all threads) of reading CSV files of 56 MB, in turn with pandas and papaparse after a warm-up, each in a process of its own:
// the whole call, types, schema and SHA-256 included. papaparse makes its records and their numbers. `node bench/csv.mjs [rounds] [python with pandas]`
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNumbers } from './csv-data.mjs';
import { alternate } from './measure.mjs';
import { openRivals } from './rivals.mjs';

const rounds = Number(process.argv[2] ?? 5);
const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-'));
const FILES = {
  'numbers of 8 digits': { columns: 30 },
  'numbers of all digits': { columns: 30, full: true },
  'a third texts and dates': { columns: 30, texts: true },
};

const python = process.argv[3] ?? '/usr/bin/python3';
const programs = {
  riskops: await openRivals('csv-child.mjs', [], ['riskops'], process.execPath),
  pandas: await openRivals('csv_rivals.py', [], [], python),
  papaparse: await openRivals('csv-child.mjs', [], ['papaparse'], process.execPath),
};
const there = Object.entries(programs).filter(([, program]) => program !== null);
try {
  for (const [name, options] of Object.entries(FILES)) {
    const path = join(folder, 'numbers.csv');
    const rows = writeNumbers(path, { bytes: 56e6, ...options });
    const megabytes = statSync(path).size / 1e6;
    const measure = (program) => async () => megabytes / (await program.ask(path)).seconds;
    const seen = await alternate(
      rounds,
      Object.fromEntries(there.map(([who, program]) => [who, measure(program)])),
    );
    console.log(`${name}: ${megabytes.toFixed(1)} MB, ${rows} rows x ${options.columns}`);
    for (const [who, { least, median, greatest }] of Object.entries(seen))
      console.log(
        `  ${who.padEnd(10)} ${median.toFixed(0)} MB a CPU second (${least.toFixed(0)} to ${greatest.toFixed(0)})`,
      );
  }
} finally {
  for (const [, program] of there) program.close();
  rmSync(folder, { recursive: true, force: true });
}
