#!/usr/bin/env node
// Compiles assembly/*.ts to dist/kernels/*.wasm, and holds the bytes to assembly/SHA256SUMS. Part of the build; alone it builds only the kernels.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What every kernel is compiled with: no runtime, so a kernel has no memory but what its caller lays out. */
const COMMON = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];

/** Works on memory that several threads share, of up to 4 GB, which the caller makes. */
const SHARED = [
  ...['--enable', 'threads', '--sharedMemory', '--importMemory'],
  ...['--initialMemory', '1', '--maximumMemory', '65536'],
];

/** Works on memory that the caller makes. */
const IMPORTED = ['--importMemory', '--initialMemory', '1', '--maximumMemory', '65536'];

/** What a kernel is compiled with besides; one that is not here brings its own memory. */
const FLAGS = {
  trees: SHARED,
  forest: SHARED,
  gemm: IMPORTED,
  walk: IMPORTED,
};

const hashOf = (content) => createHash('sha256').update(content).digest('hex');

/** The content of a file; null where there is none. */
function contentOf(path) {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** The lines of SHA256SUMS: the hash of each source, and of the bytes that it gave. */
function readSums(path) {
  const lines = (contentOf(path) ?? '').toString().split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

async function compile(name, source) {
  const { default: asc } = await import('assemblyscript/asc');
  let wasm = null;
  const { error, stderr } = await asc.main(
    [`${name}.ts`, '-o', `${name}.wasm`, ...COMMON, ...(FLAGS[name] ?? [])],
    {
      readFile: (path) => (path === `${name}.ts` ? source.toString() : null),
      writeFile: (_path, content) => {
        wasm = content;
      },
      listFiles: () => [],
    },
  );
  if (error || wasm === null) throw new Error(`assembly/${name}.ts: ${error?.message}\n${stderr}`);
  return Buffer.from(wasm);
}

/** Others may be reading the file: it is replaced at once, as a whole. */
function writeWhole(path, content) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}

function removeStale(folder, names) {
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.wasm') && !names.includes(basename(file, '.wasm'))) rmSync(join(folder, file));
  }
}

/**
 * Builds all kernels. One whose source and bytes are those of SHA256SUMS is left as it is. `update` writes that file
 * anew; otherwise bytes that differ from it are an error, once everything is built.
 */
export async function buildKernels(root, { update = false } = {}) {
  const [sources, target] = [join(root, 'assembly'), join(root, 'dist', 'kernels')];
  const sumsFile = join(sources, 'SHA256SUMS');
  const known = readSums(sumsFile);
  const names = readdirSync(sources)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
  mkdirSync(target, { recursive: true });
  const sums = {};
  const faults = [];
  for (const name of names) {
    const source = readFileSync(join(sources, `${name}.ts`));
    const built = contentOf(join(target, `${name}.wasm`));
    const isKnown = known[`${name}.ts`] === hashOf(source);
    sums[`${name}.ts`] = hashOf(source);
    if (isKnown && built !== null && hashOf(built) === known[`${name}.wasm`]) {
      sums[`${name}.wasm`] = known[`${name}.wasm`];
      continue;
    }
    try {
      const wasm = await compile(name, source);
      writeWhole(join(target, `${name}.wasm`), wasm);
      sums[`${name}.wasm`] = hashOf(wasm);
      if (!update && (!isKnown || hashOf(wasm) !== known[`${name}.wasm`])) {
        faults.push(
          `assembly/${name}.ts does not give the bytes in assembly/SHA256SUMS: node scripts/build.mjs --update-kernels`,
        );
      }
    } catch (error) {
      // Its lines stay as they are.
      for (const file of [`${name}.ts`, `${name}.wasm`]) sums[file] = known[file];
      faults.push(error.message);
    }
  }
  removeStale(target, names);
  if (update) {
    const lines = Object.keys(sums)
      .filter((file) => sums[file] !== undefined)
      .sort();
    writeWhole(sumsFile, lines.map((file) => `${sums[file]}  ${file}\n`).join(''));
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  await buildKernels(root, { update: process.argv.includes('--update-kernels') });
}
