import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../src/util/package.js';

const root = packageRoot();
const document = readFileSync(join(root, 'docs', 'proofs.md'), 'utf8').replaceAll('\r\n', '\n');

interface Row {
  id: string;
  what: string;
  tests: { path: string; name: string }[];
  broken: string;
}

/** Rows of the tables: `| C1 | what must hold | tests | the break |`; a test is `path`: its name. */
const rows: Row[] = document
  .split('\n')
  .filter((line) => line.split(' | ').length === 4 && !line.startsWith('| id | '))
  .map((line) => {
    const [id, what, tests, broken] = line.replace(/^\| | \|$/g, '').split(' | ');
    const named = tests.split('<br>').map((text) => {
      const [, path = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(text.trim()) ?? [];
      return { path, name };
    });
    return { id, what, tests: named, broken };
  });

/** Ids in a text: a CVE by year and number, another case by its own name. */
const idsIn = (text: string) => text.match(/\b(?:20\d\d-\d{4,5}|RB-\d+|API\d+|C\d+)\b/g) ?? [];

/** What has a row, or stands in one of the same kind: `(also 2024-9340)`. */
const proved = new Set(
  rows.flatMap(({ id, what }) => [id, ...idsIn(/\(also [^)]+\)/.exec(what)?.[0] ?? '')]),
);
/** What this program has no place for. */
const without = new Set(idsIn(/^No such surface: [\s\S]+?\n\n/m.exec(document)?.[0] ?? ''));

test('every row names a test that is there, and what was broken to see it fail', () => {
  // A line that is no row of four is a row that nothing looks at.
  const lines = document.split('\n').filter((line) => /^\| (?!id |---|script |`node )/.test(line));
  expect(rows).toHaveLength(lines.length);
  expect(rows.length).toBeGreaterThan(140);
  for (const { id, tests, broken } of rows) {
    expect(id).toMatch(/^[A-Za-z0-9-]+$/);
    expect(broken.length, id).toBeGreaterThan(10);
    expect(broken, id).not.toMatch(/None was tried/);
    expect(tests.length, id).toBeGreaterThan(0);
    for (const { path, name } of tests) {
      expect({ id, path, isTest: /^test\/.+\.test\.ts$/.test(path) }).toEqual({ id, path, isTest: true });
      expect({ id, path, isThere: existsSync(join(root, path)) }).toEqual({ id, path, isThere: true });
      // A name in quotes has them marked in its file.
      const text = readFileSync(join(root, path), 'utf8').replaceAll("\\'", "'");
      const isThere = name !== '' && text.includes(name);
      expect({ id, path, name, isThere }).toEqual({ id, path, name, isThere: true });
    }
  }
});

const numbered = (head: string, ...ranges: (number | [number, number])[]) =>
  ranges
    .flatMap((range) =>
      typeof range === 'number'
        ? [range]
        : Array.from({ length: range[1] - range[0] + 1 }, (_, i) => range[0] + i),
    )
    .map((number) => `${head}${head === 'RB-' ? String(number).padStart(2, '0') : number}`);

/** Attacks that broke programs of this field, by year and number of their CVE. */
const ATTACKS = [
  // MLflow
  ...['2022-0736', '2023-1176', '2023-1177', '2023-2356', '2023-2780', '2023-30172', '2023-3765'],
  ...['2023-4033', '2023-6014', '2023-6015', '2023-6018', '2023-6568', '2023-6709', '2023-6753'],
  ...['2023-6909', '2023-6831', '2024-1560', '2023-6974', '2023-6975', '2023-6976', '2023-6977'],
  ...['2024-0520', '2024-1483', '2024-2928', '2024-3848', '2024-8859', '2024-27132', '2024-27133'],
  ...['2024-3099', '2024-37052', '2024-37054', '2024-37060', '2024-4263', '2025-0453', '2025-1474'],
  ...['2025-11200', '2025-11201', '2026-2614', '2025-14279', '2025-15381', '2026-0545', '2026-2652'],
  ...['2026-2393', '2026-64849', '2026-10803', '2026-33865', '2026-33866'],
  // BentoML, TorchServe, ClearML
  ...['2024-2912', '2025-27520', '2025-32375', '2025-54381', '2026-24123', '2026-27905', '2026-40610'],
  ...['2026-44345', '2026-44346', '2023-43654', '2024-35198', '2024-35199', '2024-24590', '2024-24591'],
  ...['2024-24592', '2024-24593', '2024-24594', '2024-24595', '2023-6778', '2025-8917'],
  // Aim, Ray
  ...['2021-43775', '2024-2195', '2024-2196', '2024-6227', '2024-6396', '2024-8863', '2025-51464'],
  ...['2025-51463', '2025-5321', '2023-48022', '2023-6019', '2023-6020', '2023-6021', '2025-62593'],
  ...['2026-27482', '2026-57516'],
  // Gradio, Triton, vLLM
  ...['2021-43831', '2022-24770', '2023-25823', '2023-34239', '2023-51449', '2024-1561', '2024-1727'],
  ...['2024-1729', '2024-2206', '2023-31036', '2023-6025', '2025-23310', '2025-23311', '2025-23316'],
  ...['2025-23320', '2025-23336', '2024-8768', '2025-48956', '2025-48887', '2025-48943', '2025-59425'],
  // ZenML, ONNX, PapaParse
  ...['2024-9340', '2025-8406', '2022-25882', '2024-27318', '2026-27489', '2024-5187', '2020-36649'],
  // OWASP's list for APIs
  ...numbered('API', [1, 10]),
];

const COMPLAINTS = numbered('C', [1, 23], [33, 47]);

const CASES = [
  ...numbered('RB-', [4, 6], 8, 10, 11, 13, 15, 17, 18, 21, 22, [24, 28], 32, 33, 35, 38, 39, 41, 42, 44, 45),
  ...numbered('RB-', 48, 50, 52, 53, 55, 56, 58, 59, 60, [62, 72], [74, 77], [79, 82], [84, 86], 88, 89),
];

/** Of these the page proves what there is, and says what there is not. */
const BOTH = ['RB-38', 'API10'];

test('no case is missing: each has a proof, or the page says that there is no place for it', () => {
  for (const id of [...ATTACKS, ...COMPLAINTS, ...CASES]) {
    const found = { id, isProved: proved.has(id), isWithout: without.has(id) };
    expect(found).toEqual({ id, isProved: expect.any(Boolean), isWithout: expect.any(Boolean) });
    expect({ id, isTold: found.isProved || found.isWithout }).toEqual({ id, isTold: true });
    if (!BOTH.includes(id))
      expect({ id, twice: found.isProved && found.isWithout }).toEqual({ id, twice: false });
  }
  const ids = rows.map(({ id }) => id);
  expect(ids).toHaveLength(new Set(ids).size);
});
