#!/usr/bin/env node
// Everything that must hold before a change lands: install, format and lint, types, build, documents, tests.
// Plain Node, so that it runs alike on Linux, macOS and Windows. `--no-install` leaves the install out.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, ensureInstalled, root, run } from './install.mjs';

/** Runs vitest, and gives its counts besides its own summary. */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'riskops-check-'));
  const report = join(folder, 'report.json');
  const result = spawnSync(
    process.execPath,
    [
      bin('vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, RISKOPS_TEST_NO_BUILD: '1' } },
  );
  let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  try {
    counts = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // vitest ended before it wrote a report: its exit code below says so
  }
  rmSync(folder, { recursive: true, force: true });
  const failed = counts.numFailedTests + (result.status !== 0 && counts.numFailedTests === 0 ? 1 : 0);
  console.log(`${counts.numPassedTests} passed, ${failed} failed`);
  return result.status === 0 && counts.numPassedTests > 0 ? 0 : 1;
}

if (!process.argv.includes('--no-install')) ensureInstalled();
const steps = [
  ['format and lint', bin('@biomejs/biome', 'bin/biome'), ['ci', '.']],
  ['types', bin('typescript', 'bin/tsc'), ['-p', '.']],
  ['unused code and dependencies', bin('knip', 'bin/knip.js'), []],
  ['build', join(root, 'scripts', 'build.mjs'), []],
  ['documents', join(root, 'scripts', 'docs.mjs'), ['--check']],
];
for (const [name, script, args] of steps) {
  console.log(`== ${name}`);
  run(process.execPath, [script, ...args]);
}
console.log('== tests');
process.exitCode = runTests();
