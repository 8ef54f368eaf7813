#!/usr/bin/env node
// From a fresh clone to a served model: installs, builds, runs `riskops demo`. Further words go to the demo.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root, run } from './install.mjs';

/** The newest change in a folder, milliseconds. */
function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? newest(join(folder, entry.name)) : statSync(join(folder, entry.name)).mtimeMs,
    ),
  );
}

ensureInstalled();
const built = join(root, 'dist', 'cli.js');
if (!existsSync(built) || statSync(built).mtimeMs < newest(join(root, 'src'))) {
  run(process.execPath, [join(root, 'scripts', 'build.mjs')]);
}
run(process.execPath, [join(root, 'bin', 'riskops.js'), 'demo', ...process.argv.slice(2)], {
  cwd: process.cwd(),
});
