import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWorkflow } from '../../src/checks/ci/workflow.js';
import { temporaryFolder } from '../support/temporary.js';

/** The workflow of a project in a folder of that name; its lines. */
async function linesFor(name: string): Promise<string[]> {
  const top = temporaryFolder();
  execFileSync('git', ['init', '--quiet', top]);
  mkdirSync(join(top, name));
  return readFileSync(await writeWorkflow(join(top, name)), 'utf8').split('\n');
}

test.skipIf(process.platform === 'win32')(
  'a folder whose name is a step, a quote or a comment stays a text in the workflow',
  async () => {
    const plain = await linesFor('plain');
    for (const name of [
      'a\n      - run: id',
      'a"\r\n      - run: id',
      'a: {b: c} #',
      '*a',
      "'",
      '- run: id',
    ]) {
      const lines = await linesFor(name);
      expect(lines).toHaveLength(plain.length);
      const changed = lines.filter((line, i) => line !== plain[i]).map((line) => line.trim());
      expect(changed).toEqual([
        `working-directory: ${JSON.stringify(name)}`,
        `path: ${JSON.stringify(`${name}/riskops-junit.xml`)}`,
      ]);
    }
  },
);
