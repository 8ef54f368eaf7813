import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Tests that start the real binary or a worker thread use dist/, so it is built first. */
export default function setup() {
  if (process.env['RISKOPS_TEST_NO_BUILD'] === '1') return;
  execFileSync(
    process.execPath,
    [join(import.meta.dirname, '..', '..', 'scripts', 'build.mjs'), '--no-types'],
    {
      stdio: 'inherit',
    },
  );
}
