import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { RiskopsError } from '../../errors.js';
import { learners } from '../../models/all.js';
import { loadTfjs } from '../../models/lstm/load-tfjs.js';
import { packageRoot } from '../../util/package.js';
import { printable } from '../../util/text.js';
import type { DoctorCheck, Finding } from './check.js';

type Found = Omit<Finding, 'check'>;

/** What trains beside our own code, and what it needs: each is tried. npm leaves out an optional package that fails without a word. */
export const engines: DoctorCheck = {
  name: 'engines',
  async run() {
    const findings = [...missingPackages(packageRoot()), ...(await foreignEngines()), ...(await threads())];
    const tfjs = await tfjsEngine();
    if (findings.length > 0) return [...findings, tfjs];
    const names = [...new Set(learners.map(({ engine }) => engine))].filter((name) => name !== 'tfjs');
    return [
      { severity: 'ok', message: `All engines load: ${names.join(', ')}; worker threads start.` },
      tfjs,
    ];
  },
};

/** Packages that package.json names and that are not installed, optional ones as well. */
export function missingPackages(root: string): Found[] {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const places = createRequire(join(root, 'package.json'));
  const isMissing = (name: string) =>
    !(places.resolve.paths(name) ?? []).some((folder) => existsSync(join(folder, name, 'package.json')));
  const remedy = 'npm install, and look at what npm says of the package';
  return [
    ...Object.keys(dependencies)
      .filter((name) => !Object.hasOwn(optionalDependencies, name) && isMissing(name))
      .map((name) => ({
        severity: 'error' as const,
        message: `The package ${name} is not installed.`,
        remedy,
      })),
    ...Object.keys(optionalDependencies)
      .filter(isMissing)
      .map((name) => ({
        severity: 'warning' as const,
        message: `The optional package ${name} is not installed: npm left it out, and what uses it is not available.`,
        remedy,
      })),
  ];
}

/** Engines that are packages of others; they are only needed by those who ask for them. */
async function foreignEngines(): Promise<Found[]> {
  try {
    await import('ml-random-forest');
    return [];
  } catch (error) {
    return [
      {
        severity: 'warning',
        message: `The engine ml-random-forest does not load: ${printable((error as Error).message)}`,
        remedy: 'npm install, or train with --engine riskops',
      },
    ];
  }
}

/** Nobody needs TensorFlow.js but for --engine tfjs: that it is not there is no fault. */
async function tfjsEngine(): Promise<Found> {
  try {
    const { runs, passedOver } = await loadTfjs();
    const others = passedOver.length === 0 ? '' : `; ${passedOver.join('; ')}`;
    return { severity: 'ok', message: `The engine tfjs runs on ${runs}${others}.` };
  } catch (error) {
    return {
      severity: 'ok',
      message: `The engine tfjs is not there, and only --engine tfjs needs it: ${printable((error as RiskopsError).why ?? '')}`,
      remedy: (error as RiskopsError).fix,
    };
  }
}

const START_MS = 10_000;

async function threads(): Promise<Found[]> {
  const worker = new Worker('', { eval: true });
  let timer: NodeJS.Timeout | undefined;
  const why = await new Promise<string | undefined>((resolve) => {
    timer = setTimeout(() => resolve(`none has ended within ${START_MS / 1000} s`), START_MS);
    worker.once('error', (error) => resolve(error.message));
    worker.once('exit', () => resolve(undefined));
  });
  clearTimeout(timer);
  await worker.terminate();
  if (why === undefined) return [];
  return [
    {
      severity: 'error',
      message: `Worker threads do not start: ${printable(why)}`,
      remedy: 'free memory, or lift the limit on threads of this user',
    },
  ];
}
