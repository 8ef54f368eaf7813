#!/usr/bin/env node
// How long `riskops --help` takes beside an empty Node, alternating: median of 20 each, and their ratio.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, timeProcess } from './measure.mjs';

const binary = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'riskops.js');
const result = await alternate(Number(process.argv[2] ?? 20), {
  'node -e 0': () => timeProcess(process.execPath, ['-e', '0']),
  'riskops --help': () => timeProcess(process.execPath, [binary, '--help']),
});
console.log(
  JSON.stringify(
    {
      unit: 'ms',
      ...result,
      ratio: result['riskops --help'].median / result['node -e 0'].median,
      limit: 2.5,
    },
    null,
    2,
  ),
);
