import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder of package.json, whether this runs from src/ or from dist/. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      const text = readFileSync(join(folder, 'package.json'), 'utf8');
      if (JSON.parse(text).name === 'riskops') return folder;
    } catch {
      // no package.json in this folder: one up
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error('riskops: its own package.json is missing');
    folder = parent;
  }
}

/** The version in package.json. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version;
}

/** What runs in a thread or a process of its own. */
export const workers = [
  'train-trees',
  'train-lstm',
  'prediction-log',
  'query',
  'forecast-history',
  'alerts',
  'killer',
  'lookup',
  'watch',
  'shadow',
] as const;

/** The built file of a worker: `dist/workers/<name>.js`. */
export function workerUrl(name: (typeof workers)[number]): URL {
  return pathToFileURL(join(packageRoot(), 'dist', 'workers', `${name}.js`));
}

const kernels = new Map<string, WebAssembly.Module | null>();

function compileKernel(name: string): WebAssembly.Module | null {
  try {
    const bytes = readFileSync(join(packageRoot(), 'dist', 'kernels', `${name}.wasm`));
    return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  } catch {
    return null;
  }
}

/**
 * The compiled kernel `dist/kernels/<name>.wasm`, made of `assembly/<name>.ts`: compiled once a process, and fit to be
 * handed to threads. Null where the machine lacks SIMD or threads in WebAssembly, or this copy of riskops is not
 * built: then the kernel's plain twin does the work.
 */
export function kernelModule(name: string): WebAssembly.Module | null {
  let module = kernels.get(name);
  if (module === undefined) {
    module = compileKernel(name);
    kernels.set(name, module);
  }
  return module;
}
