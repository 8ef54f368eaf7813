import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { RiskopsError } from '../../../src/errors.js';
import { listRuns } from '../../../src/tracking/read-runs.js';
import { type Random, seededRandom } from '../../../src/util/random.js';
import { workplace } from '../tracking-support.js';
import { randomTree, writeTree } from './random-filters.js';
import { pick, randomRun, recordRuns } from './random-runs.js';

const PIECES = [
  ...[
    'and',
    'or',
    'not',
    'in',
    'is',
    'null',
    'like',
    'between',
    '(',
    ')',
    ',',
    '=',
    '!=',
    '<>',
    '<',
    '>=',
    "'",
    '"',
    '`',
  ],
  ...[
    'metrics.',
    'params.',
    'tags.',
    'metrics.auc',
    'params."a b"',
    'status',
    'start',
    'git.',
    'best(',
    'count',
    'data',
  ],
  ...[
    '7d',
    '1e5',
    '-Infinity',
    'NaN',
    '2026-03-01',
    '5m',
    '0x1',
    '--',
    '/*',
    '*/',
    ';',
    '\\',
    '%',
    '?',
    ':x',
    '@',
    '$1',
    '||',
  ],
  ...[
    'union select',
    'drop table runs',
    'sqlite_master',
    'r.run_id',
    '\0',
    '\n',
    '\u001b[2J',
    '한글',
    '😀',
    '\ud800',
    '__proto__',
    'constructor',
  ],
];

function garbage(random: Random): string {
  const length = Math.floor(random() * 25);
  return Array.from({ length }, () =>
    random() < 0.2 ? String.fromCharCode(Math.floor(random() * 65_536)) : pick(random, PIECES),
  ).join(pick(random, ['', ' ']));
}

/** A filter that was right, with a few pieces lost, doubled or put in. */
function mutated(random: Random): string {
  let text = writeTree(random, randomTree(random, 2));
  for (let i = Math.floor(random() * 4); i > 0; i--) {
    const at = Math.floor(random() * (text.length + 1));
    const to = at + Math.floor(random() * 6);
    const piece = random() < 0.5 ? '' : random() < 0.5 ? text.slice(at, to) : pick(random, PIECES);
    text = text.slice(0, at) + piece + text.slice(random() < 0.5 ? at : to);
  }
  return text;
}

/** Words that stand in errors of SQLite and in our SQL, and not in the sentences of the grammar. */
const SQL_WORDS = /sqlite|syntax error|no such|run_id|fitting|materialized|select |near "/i;

test('ten thousand filters, garbage and mutated: read or refused, nothing of SQL shown, the store as it was', async () => {
  const { store } = await workplace();
  const random = seededRandom(11);
  await recordRuns(
    store,
    Array.from({ length: 8 }, (_, index) => randomRun(random, index)),
  );
  const changes = async () =>
    (await sql`select total_changes() as n, (select count(*) from runs) as runs`.execute(store.db)).rows;
  const before = await changes();
  let accepted = 0;
  for (let i = 0; i < 10_000; i++) {
    const where = i % 2 === 0 ? garbage(random) : mutated(random);
    try {
      await listRuns(store, { where, limit: 2, includeMetrics: false });
      accepted++;
    } catch (error) {
      if (!(error instanceof RiskopsError)) throw new Error(`${JSON.stringify(where)}: ${error}`);
      expect(error.code).toBe('RUN_FILTER_INVALID');
      const { position } = error.details as { position: number };
      expect(position >= 1 && position <= where.length + 1).toBe(true);
      // What the user wrote is shown again; nothing else may speak of SQL.
      const told = `${error.message} ${error.why} ${error.fix}`;
      if (SQL_WORDS.test(told) && !SQL_WORDS.test(where))
        throw new Error(`${JSON.stringify(where)}: ${told}`);
    }
  }
  expect(accepted).toBeGreaterThan(1500);
  expect(accepted).toBeLessThan(7000);
  expect(await changes()).toEqual(before);
});
