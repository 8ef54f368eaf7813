#!/usr/bin/env node
// Writes the documents that come from the code; `--check` fails when one is stale instead.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './install.mjs';

const outfile = join(root, 'node_modules', '.cache', 'riskops', 'reference.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['src/commands/reference.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  logLevel: 'warning',
});
const { generatedDocuments } = await import(pathToFileURL(outfile).href);
const stale = [];
for (const [name, text] of Object.entries(await generatedDocuments())) {
  const path = join(root, 'docs', name);
  if (existsSync(path) && readFileSync(path, 'utf8').replaceAll('\r\n', '\n') === text) continue;
  stale.push(name);
  if (!process.argv.includes('--check')) writeFileSync(path, text);
}
if (stale.length === 0) console.log('The documents are as the code says.');
else if (process.argv.includes('--check')) {
  console.error(`Stale: ${stale.map((name) => `docs/${name}`).join(', ')}. Run: npm run docs`);
  process.exitCode = 1;
} else console.log(`Written: ${stale.map((name) => `docs/${name}`).join(', ')}`);
