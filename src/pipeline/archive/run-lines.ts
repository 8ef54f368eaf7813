import { createHash } from 'node:crypto';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Database, MetricPointsTable } from '../../storage/database/schema.js';
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
  for (const some of inPortions(metrics)) {
    const points = some.length > 1 ? await pointsOfAll(db, some) : undefined;
    for (const { metric, run_id: __, special, value, ...series } of some) {
      yield toCanonicalJson({ metric: { ...series, value: decodeNumber({ value, special }) } });
      if (points === undefined) yield* pointLines(db, metric, series.key);
      else yield* linesOf(series.key, points.get(metric) ?? []);
    }
  }
}

/** So many points are held in memory at once. */
const PORTION = 20_000;

/** Metrics whose points are read in one query; one with many points stands alone, and is read in pages. */
function* inPortions<T extends { points: number }>(metrics: readonly T[]): Generator<T[]> {
  let [portion, points]: [T[], number] = [[], 0];
  for (const metric of metrics) {
    if (portion.length > 0 && points + metric.points > PORTION) {
      yield portion;
      [portion, points] = [[], 0];
    }
    portion.push(metric);
    points += metric.points;
  }
  if (portion.length > 0) yield portion;
}

type Point = Pick<Selectable<MetricPointsTable>, 'step' | 'ordinal' | 'value' | 'special' | 'logged_ms'>;

async function pointsOfAll(
  db: Kysely<Database>,
  metrics: readonly { metric: number }[],
): Promise<Map<number, Point[]>> {
  const rows = await db
    .selectFrom('metric_points')
    .select(['metric', 'step', 'ordinal', 'value', 'special', 'logged_ms'])
    .where(
      'metric',
      'in',
      sql<number>`(SELECT value FROM json_each(${JSON.stringify(metrics.map(({ metric }) => metric))}))`,
    )
    .orderBy('metric')
    .orderBy('step')
    .orderBy('ordinal')
    .execute();
  const points = new Map<number, Point[]>(metrics.map(({ metric }) => [metric, []]));
  for (const { metric, ...point } of rows) points.get(metric)?.push(point);
  return points;
}

function* linesOf(key: string, points: readonly Point[]): Generator<string> {
  for (let at = 0; at < points.length; at += POINTS_IN_LINE) {
    const values = points
      .slice(at, at + POINTS_IN_LINE)
      .map((point) => [point.step, point.ordinal, decodeNumber(point), point.logged_ms]);
    yield toCanonicalJson({ points: { key, values } });
  }
}

async function* pointLines(db: Kysely<Database>, metric: number, key: string): AsyncGenerator<string> {
  let after: Pick<Point, 'step' | 'ordinal'> = { step: Number.MIN_SAFE_INTEGER, ordinal: -1 };
  for (;;) {
    const rows: Point[] = await db
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
    yield* linesOf(key, rows);
    if (rows.length < POINTS_IN_LINE) return;
    after = rows[rows.length - 1];
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
