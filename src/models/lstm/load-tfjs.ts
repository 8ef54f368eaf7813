import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';

/** TensorFlow.js as it is installed here. */
export interface Tfjs {
  core: typeof Core;
  layers: typeof Layers;
  /** What runs it, such as `@tensorflow/tfjs-backend-wasm`. */
  runs: string;
  /** Why nothing faster does: one line a package. */
  passedOver: string[];
}

/** What can run it, the fastest first. */
const NODE = '@tensorflow/tfjs-node';
const BACKENDS = { '@tensorflow/tfjs-backend-wasm': 'wasm', '@tensorflow/tfjs-backend-cpu': 'cpu' };
const INSTALL =
  'npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0';

/** A package that may not be there; its name is no constant, so that it is looked for only now. */
async function load<Package>(name: string): Promise<Package> {
  const loaded = (await import(name)) as Package & { default?: Package };
  return loaded.default ?? loaded;
}

async function loadNode(): Promise<Omit<Tfjs, 'passedOver'>> {
  const both = await load<typeof Core & typeof Layers>(NODE);
  await both.ready();
  return { core: both, layers: both, runs: NODE };
}

async function loadBackend(name: keyof typeof BACKENDS): Promise<Omit<Tfjs, 'passedOver'>> {
  const core = await load<typeof Core>('@tensorflow/tfjs-core');
  const layers = await load<typeof Layers>('@tensorflow/tfjs-layers');
  // Without this it prints an advertisement, and looks for threads which its backend cannot start here.
  core.env().set('PROD', true);
  await load(name);
  if (BACKENDS[name] === 'wasm') core.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await core.setBackend(BACKENDS[name]))) throw new Error(`${name} does not start`);
  await core.ready();
  return { core, layers, runs: name };
}

/** Without the path that Node adds: it says nothing to a reader. */
function reasonOf(error: unknown): string {
  const message = String((error as Error).message);
  const missing = /^Cannot find package '([^']+)'/.exec(message)?.[1];
  return missing === undefined
    ? printable(message.split('\n')[0], 160)
    : `${printable(missing)} is not installed`;
}

/**
 * Loads @tensorflow/tfjs-node where it is installed and loads, otherwise @tensorflow/tfjs-core with the backend for WebAssembly,
 * or the plain one.
 * @throws TRAINING_FAILED with the command that installs it
 */
export async function loadTfjs(): Promise<Tfjs> {
  const ways = [
    { name: NODE, open: loadNode },
    ...(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[]).map((name) => ({
      name,
      open: () => loadBackend(name),
    })),
  ];
  const passedOver: string[] = [];
  for (const { name, open } of ways) {
    try {
      return { ...(await open()), passedOver };
    } catch (error) {
      const reason = reasonOf(error);
      passedOver.push(reason.startsWith(name) ? reason : `${name}: ${reason}`);
    }
  }
  throw new RiskopsError('TRAINING_FAILED', {
    what: 'The engine tfjs cannot be loaded.',
    why: passedOver.join('; '),
    fix: `${INSTALL}, or train with --engine riskops`,
    details: { passedOver },
  });
}
