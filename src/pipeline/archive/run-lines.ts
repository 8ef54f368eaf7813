import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../../storage/database/schema.js';
import { decodeNumber } from '../../storage/database/special-numbers.js';
import { toCanonicalJson } from '../../util/json.js';

/** So many points of a metric stand in one line. */
const POINTS_IN_LINE = 500;

/**
 * All that is on record about a run, as lines of JSON with one key each: `run` first, then `param`, `tag`, `artifact`, and for
 * each metric `metric` and its `points`, [step, ordinal, value, milliseconds]. Where the run lies in this store (its sequence,
 * the keys of its files) is left out: equal runs have equal lines in every store.
 */
export async function* runLines(db: Kysely<Database>, runId: string): AsyncGenerator<string> {
  const { sequence: _, ...run } = await db
    .selectFrom('runs')
    .selectAll()
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  yield toCanonicalJson({ run });
  for (const table of ['params', 'tags'] as const) {
    const rows = await db
      .selectFrom(table as 'params')
      .select(['key', 'value'])
      .where('run_id', '=', runId)
      .orderBy('key')
      .execute();
    for (const row of rows) yield toCanonicalJson({ [table.slice(0, -1)]: row });
  }
  const artifacts = await db
    .selectFrom('artifacts')
    .select(['path', 'kind', 'sha256', 'bytes', 'created_at'])
    .where('run_id', '=', runId)
    .orderBy('path')
    .execute();
  for (const artifact of artifacts) yield toCanonicalJson({ artifact });
  const metrics = await db
    .selectFrom('metrics')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('key')
    .execute();
  for (const { metric, run_id: __, special, value, ...series } of metrics) {
    yield toCanonicalJson({ metric: { ...series, value: decodeNumber({ value, special }) } });
    yield* pointLines(db, metric, series.key);
  }
}

async function* pointLines(db: Kysely<Database>, metric: number, key: string): AsyncGenerator<string> {
  let after = { step: Number.MIN_SAFE_INTEGER, ordinal: -1 };
  for (;;) {
    const rows = await db
      .selectFrom('metric_points')
      .select(['step', 'ordinal', 'value', 'special', 'logged_ms'])
      .where('metric', '=', metric)
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('step', 'ordinal'), '>', tuple(after.step, after.ordinal)),
      )
      .orderBy('step')
      .orderBy('ordinal')
      .limit(POINTS_IN_LINE)
      .execute();
    if (rows.length === 0) return;
    const values = rows.map((row) => [row.step, row.ordinal, decodeNumber(row), row.logged_ms]);
    yield toCanonicalJson({ points: { key, values } });
    after = rows[rows.length - 1];
    if (rows.length < POINTS_IN_LINE) return;
  }
}

/** What a store may change about a run that is on record: such marks make it no other run. */
const MARKS = { deleted_at: null, protected_at: null };

/** SHA-256 over a run's lines, but for the marks of the trash and of protection. */
export class RunDigest {
  #hash = createHash('sha256');

  /** @param run the first line's content; its own text is not hashed */
  constructor(run: Record<string, unknown>) {
    this.add(toCanonicalJson({ run: { ...run, ...MARKS } }));
  }

  add(line: string): void {
    this.#hash.update(line).update('\n');
  }

  end(): string {
    return this.#hash.digest('hex');
  }
}

/** The digest of a run as a store has it. */
export async function digestOfRun(db: Kysely<Database>, runId: string): Promise<string> {
  let digest: RunDigest | undefined;
  for await (const line of runLines(db, runId)) {
    if (digest === undefined) digest = new RunDigest(JSON.parse(line).run);
    else digest.add(line);
  }
  return (digest as RunDigest).end();
}
