import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot, packageVersion, workers, workerUrl } from '../../src/util/package.js';

test('the package knows where it lies, its version and its built workers', () => {
  expect(existsSync(join(packageRoot(), 'bin', 'riskops.js'))).toBe(true);
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
  for (const name of workers) expect(existsSync(workerUrl(name))).toBe(true);
});
