import type { Store } from '../../../src/storage/store.js';
import type { Random } from '../../../src/util/random.js';
import { pointOf, runRow } from '../../storage/rows.js';

/** A run as the tests' own evaluator sees it: nothing of it is read back from the store. */
export interface Known {
  /** Order of recording, from 0. */
  index: number;
  id: string;
  /** Plain fields by the names that the grammar has for them; null where the run has none. */
  texts: Record<string, string | null>;
  status: string;
  start: string;
  end: string | null;
  duration: number | null;
  dirty: boolean | null;
  protected: boolean;
  params: Map<string, string>;
  tags: Map<string, string>;
  /** The points of each metric in the order of their steps. */
  metrics: Map<string, number[]>;
}

export const KEYS = ['depth', 'avg score', '__proto__', '한글 이름', 'a"b`c', 'and', 'x.y/z', 'constructor'];
export const TEXTS = [
  ...[
    '',
    'a',
    'A',
    'b%',
    '4',
    '6',
    '4.0',
    ' 5 ',
    '1e1',
    '-0',
    'NaN',
    'Infinity',
    '-Infinity',
    'auto',
    "o'brien",
  ],
  ...['한글', '0x10', '5abc', 'a_b', 'a\\b', '"q"', '.5', '+1', '1e400', 'É', 'é'],
];
export const NUMBERS = [0, -0, 0.5, 1, -1, 4, 5, 6, 10, Number.NaN, Infinity, -Infinity, 5e-324, 1e300];
export const TIMES = [
  '1969-12-31T23:59:59.999Z',
  '2026-03-01T00:00:00.000Z',
  '2026-03-01T12:00:00.000Z',
  '2038-01-19T03:14:08.000Z',
];
export const STATUSES = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'LOST'];

export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)];
const maybe = <T>(random: Random, value: () => T): T | null => (random() < 0.3 ? null : value());
const some = <T>(random: Random, value: () => T): Map<string, T> =>
  new Map(KEYS.filter(() => random() < 0.5).map((key) => [key, value()]));

export function randomRun(random: Random, index: number): Known {
  const text = () => pick(random, TEXTS);
  const id = index.toString(16).padStart(32, 'abcdef0123456789');
  const parent = index === 0 || random() < 0.5 ? null : Math.floor(random() * index);
  return {
    index,
    id,
    texts: {
      id,
      name: maybe(random, text),
      kind: pick(random, ['train', 'tune', 'TRAIN']),
      model: maybe(random, text),
      note: maybe(random, text),
      error: maybe(random, text),
      group: maybe(random, text),
      parent: parent === null ? null : parent.toString(16).padStart(32, 'abcdef0123456789'),
      'git.commit': maybe(random, () => pick(random, ['ab12', 'ab34', 'cd56']).padEnd(40, '0')),
      'git.branch': maybe(random, text),
      host: 'elsewhere',
    },
    status: pick(random, STATUSES),
    start: pick(random, TIMES),
    end: maybe(random, () => pick(random, TIMES)),
    duration: maybe(random, () => pick(random, [0, 999, 1000, 60_000, 300_000, 3_600_000])),
    dirty: maybe(random, () => random() < 0.5),
    protected: random() < 0.3,
    params: some(random, text),
    tags: some(random, text),
    metrics: some(random, () =>
      Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(random, NUMBERS)),
    ),
  };
}

/** Records the runs, in order. */
export async function recordRuns(store: Store, runs: readonly Known[]): Promise<void> {
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  await store.write(async (t) => {
    for (const run of runs) {
      const { name, kind, model, note, error, group, parent } = run.texts;
      const lost = run.status === 'LOST';
      const columns = {
        ...{ name, model, note, error, kind: kind as string, group_name: group, parent_run_id: parent },
        ...{ git_commit: run.texts['git.commit'], git_branch: run.texts['git.branch'], host: 'elsewhere' },
        ...{ created_at: run.start, ended_at: run.end, duration_ms: run.duration },
        ...{
          git_dirty: run.dirty === null ? null : Number(run.dirty),
          protected_at: run.protected ? run.start : null,
        },
        status: (lost ? 'RUNNING' : run.status) as 'RUNNING',
        // Of a run of another host the heartbeat alone says whether it lives.
        ...(lost && { heartbeat_at: hourAgo }),
      };
      await t
        .insertInto('runs')
        .values({ ...runRow(run.id), ...columns })
        .execute();
      for (const table of ['params', 'tags'] as const)
        for (const [key, value] of run[table])
          await t.insertInto(table).values({ run_id: run.id, key, value }).execute();
    }
  });
  await store.insertMetrics(
    runs.flatMap((run) =>
      [...run.metrics].flatMap(([key, values]) =>
        values.map((value, step) => pointOf(run.id, key, step, value)),
      ),
    ),
  );
}
