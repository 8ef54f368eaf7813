import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { packageRoot } from '../../../src/util/package.js';

/**
 * Bundles a script of this folder so that plain Node can run it as a process of its own; it is gone after the tests.
 * To be called while the tests are collected, not inside a hook.
 */
export async function bundleScript(name: string): Promise<string> {
  // Below node_modules, so that the packages it imports are found.
  const outfile = join(packageRoot(), 'node_modules', '.cache', 'riskops-test', `${name}-${process.pid}.mjs`);
  afterAll(() => rmSync(outfile, { force: true }));
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  });
  return outfile;
}
