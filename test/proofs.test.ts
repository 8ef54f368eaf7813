import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../src/util/package.js';

const root = packageRoot();
const document = readFileSync(join(root, 'docs', 'proofs.md'), 'utf8');

interface Row {
  id: string;
  tests: { path: string; name: string }[];
  broken: string;
}

/** Rows of the tables: `| C1 | what must hold | tests | the break |`; a test is `path`: its name. */
const rows: Row[] = [...document.matchAll(/^\| (\w[\w-]*) \| (.+) \| (.+) \| (.+) \|$/gm)]
  .map(([, id, , tests, broken]) => ({
    id,
    tests: tests.split('<br>').map((text) => {
      const [, path = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(text.trim()) ?? [];
      return { path, name };
    }),
    broken,
  }))
  .filter(({ id }) => /^(C|RB-|E2E-)\d+$/.test(id));

test('every row names a test that is there, and what was broken to see it fail', () => {
  for (const { id, tests, broken } of rows) {
    expect(broken.length, id).toBeGreaterThan(10);
    for (const { path, name } of tests) {
      expect({ id, path, isThere: existsSync(join(root, path)) }).toEqual({ id, path, isThere: true });
      // A name in quotes has them marked in its file.
      const text = readFileSync(join(root, path), 'utf8').replaceAll("\\'", "'");
      expect({ id, path, name, isThere: text.includes(name) }).toEqual({ id, path, name, isThere: true });
    }
  }
});

test('no row is missing, and none stands twice', () => {
  const complaints = [...Array.from({ length: 23 }, (_, i) => i + 1), 33, 34, 35, 36, 37].map((n) => `C${n}`);
  const severest = ['04', '05', '06', '11', '18', '22', '24', '26', '32', '35', '39', '44', '45']
    .concat(['82', '84', '85', '86', '88', '89'])
    .map((n) => `RB-${n}`);
  const ids = rows.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([...complaints, ...severest]));
  expect(ids).toHaveLength(new Set(ids).size);
});
