#!/usr/bin/env node
// Builds dist/: the command line and the library as split ES modules, and one file per worker thread.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildKernels } from './kernels.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Packages of hundreds of small modules are built in: loading them file by file takes long, and more open files than some
 * services are allowed. Their licences lie beside the bundle.
 */
const BUILT_IN = ['kysely', 'zod'];

function externalPackages() {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.keys(dependencies).filter((name) => !BUILT_IN.includes(name));
}

function writeLicences() {
  const texts = BUILT_IN.map(
    (name) => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}`,
  );
  writeFileSync(join(root, 'dist', 'LICENSES.txt'), texts.join('\n\n'));
}

/** Removes what an earlier build left in dist/; what runs from there now keeps its files until they are replaced. */
function removeStale(outputs) {
  const built = new Set(outputs.map((path) => join(root, path)));
  for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isWrittenLater = ['types', 'completion', 'kernels'].some((name) =>
      path.startsWith(join(root, 'dist', name)),
    );
    if (entry.isFile() && !isWrittenLater && !built.has(path)) rmSync(path);
  }
}

/** The completion scripts: made here, because making them loads every command. */
async function writeCompletions() {
  const { completionScripts } = await import(pathToFileURL(join(root, 'dist', 'completion-scripts.js')));
  mkdirSync(join(root, 'dist', 'completion'), { recursive: true });
  for (const [shell, script] of Object.entries(await completionScripts()))
    writeFileSync(join(root, 'dist', 'completion', shell), script);
}

/** `riskops/client`: one file that a browser can load, so nothing of Node may be in it. */
async function buildClient() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { client: 'src/client/client.ts' },
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'warning',
    metafile: true,
  });
  return Object.keys(metafile.outputs);
}

/**
 * Which chunks each command imports, in the order in which they run. Node opens all files of an import at once, which are more than
 * some services may open; the command line then takes them one after the other.
 */
function writeLoadOrder(outputs) {
  const order = {};
  for (const { entryPoint = '', imports } of Object.values(outputs)) {
    const [, command] = /^src\/commands\/(.+)\.ts$/.exec(entryPoint) ?? [];
    if (command === undefined) continue;
    order[command] = imports
      .filter(({ kind, external = false }) => kind === 'import-statement' && !external)
      .map(({ path }) => path.replace(/^dist\//, ''));
  }
  writeFileSync(join(root, 'dist', 'load-order.json'), JSON.stringify(order));
}

/** Builds into dist/; `types` also writes the declarations, which takes some seconds more; without it there are none. `updateKernels` accepts the kernels' bytes. */
export async function buildAll({ types = true, updateKernels = false } = {}) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      cli: 'src/cli.ts',
      index: 'src/index.ts',
      'completion-scripts': 'src/commands/completion-scripts.ts',
      'workers/train-trees': 'src/models/trees/worker.ts',
      'workers/train-lstm': 'src/models/lstm/worker.ts',
      'workers/prediction-log': 'src/monitoring/prediction-log-worker.ts',
      'workers/killer': 'src/checks/ci/killer.ts',
      'workers/alerts': 'src/monitoring/alerts/alerts-process.ts',
      'workers/watch': 'src/monitoring/watch-worker.ts',
      'workers/shadow': 'src/monitoring/shadow-worker.ts',
      'workers/forecast-history': 'src/pipeline/forecast/history-worker.ts',
      'workers/query': 'src/tracking/search/query-process.ts',
      'workers/lookup': 'src/datasets/lookups/sqlite-worker.ts',
    },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: externalPackages(),
    logLevel: 'warning',
    metafile: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
  const client = await buildClient();
  removeStale([...Object.keys(metafile.outputs), ...client, 'dist/load-order.json']);
  writeLoadOrder(metafile.outputs);
  writeLicences();
  await writeCompletions();
  // Declarations of an earlier build would say what the code no longer does.
  rmSync(join(root, 'dist', 'types'), { recursive: true, force: true });
  if (types) {
    const { execFileSync } = await import('node:child_process');
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.types.json')], { stdio: 'inherit' });
  }
  // Last: bytes that differ from SHA256SUMS fail the build, with all else in place.
  await buildKernels(root, { update: updateKernels });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = (flag) => process.argv.includes(flag);
  await buildAll({ types: !asked('--no-types'), updateKernels: asked('--update-kernels') });
}
