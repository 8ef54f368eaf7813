import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/util/files.js';
import { temporaryFolder } from '../support/temporary.js';
import { makeProject, runRiskops, succeed } from './sandbox.js';

/** Every file below a folder with the hash of its bytes. */
function fingerprint(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, sha256(readFileSync(path))]),
  );
}

test('riskops e2e passes beside a store with a promoted model, and leaves it byte for byte as it was', async () => {
  const sandbox = await makeProject(temporaryFolder());
  await succeed(sandbox, ['train', '--learner', 'logistic', '--promote']);
  const before = fingerprint(sandbox.folder);
  // Even a caller whose environment points at the store must not see it touched.
  const environment = {
    ...sandbox.environment,
    RISKOPS_DB: join(sandbox.folder, 'data', 'riskops.db'),
    RISKOPS_ARTIFACTS: join(sandbox.folder, 'artifacts'),
    RISKOPS_CURRENT_MODEL: join(sandbox.folder, 'artifacts', 'models', 'current.json'),
  };
  const { exitCode, stdout } = await runRiskops({ folder: sandbox.folder, environment }, ['e2e', '--json']);
  const report = JSON.parse(stdout) as {
    ok: boolean;
    steps: { name: string; ok: boolean; message: string }[];
  };
  expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.steps.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['train', 'promote', 'swap', 'rollback', 'traffic', 'log', 'doctor']),
  );
  expect(exitCode).toBe(0);
  expect(fingerprint(sandbox.folder)).toEqual(before);
}, 240_000);
