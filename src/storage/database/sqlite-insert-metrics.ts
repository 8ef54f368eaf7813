import type BetterSqlite3 from 'better-sqlite3';
import type { MetricPoint, Store } from '../store.js';
import { encodeNumber } from './special-numbers.js';
import type { SqliteHandle } from './sqlite-dialect.js';

/** What a batch says of one metric of one run. */
interface Series {
  points: MetricPoint[];
  last: MetricPoint;
  finite: number;
  total: number;
  least: number | null;
  most: number | null;
}

const COLUMNS = 6;
/** Statements of so many rows, most first: what one costs beside its rows is as much as a row costs, and is shared. */
const INSERTS = [64, 8, 1].map((rows) => ({
  cells: rows * COLUMNS,
  sql: `INSERT INTO metric_points VALUES ${Array(rows).fill('(?, ?, ?, ?, ?, ?)').join(', ')}`,
}));

/**
 * The hot insert: prepared once, one durable transaction a call. The last value of a metric is the one of its highest
 * step; of two at the same step, the later one. A batch updates each series once, not once a point.
 */
export function prepareInsertMetrics(handle: SqliteHandle): Store['insertMetrics'] {
  const { raw } = handle;
  const upsertSeries = raw.prepare(`
    INSERT INTO metrics (run_id, key, step, value, special, logged_at, points, finite, total, least, most)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id, key) DO UPDATE SET
      value = iif(excluded.step >= step, excluded.value, value),
      special = iif(excluded.step >= step, excluded.special, special),
      logged_at = iif(excluded.step >= step, excluded.logged_at, logged_at),
      step = max(excluded.step, step),
      points = points + excluded.points,
      finite = finite + excluded.finite,
      -- Two sums that left the doubles on opposite sides have none; null would refuse the points.
      total = coalesce(total + excluded.total, 9e999),
      least = min(coalesce(least, excluded.least), coalesce(excluded.least, least)),
      most = max(coalesce(most, excluded.most), coalesce(excluded.most, most))
    RETURNING metric, points`);
  const insertAll = raw.transaction((batch: readonly SeriesRow[]) => {
    const cells: Cell[] = [];
    for (const { points: own, row } of batch) {
      const { metric, points: after } = upsertSeries.get(row) as { metric: number; points: number };
      let ordinal = after - own.length;
      for (const point of own) {
        const { value, special } = encodeNumber(point.value);
        cells.push(metric, point.step, ordinal++, value, special, point.logged_ms);
      }
    }
    insertPoints(raw, cells);
  });

  return async (points, within) => {
    if (points.length === 0) return;
    // The transaction holds this connection already.
    if (within !== undefined) return handle.run(() => insertAll(rowsOf(points)));
    // Before the lock is taken: while it is held everyone else waits.
    const batch = rowsOf(points);
    const turn = handle.turns.take();
    if (turn) await turn;
    // Given back inside the attempt: a training loop that never yields must not find its last insert still holding on.
    const attempt = () => {
      insertAll.immediate(batch);
      handle.turns.giveBack();
    };
    await handle.run(attempt).catch((error) => {
      handle.turns.giveBack();
      throw error;
    });
  };
}

type Cell = number | string | null;

/**
 * Inserts rows of `metric_points` that are given as their cells in one list, in the order of the columns. A statement
 * is prepared when it is first needed: most commands that open a store log no metric.
 */
function insertPoints(raw: BetterSqlite3.Database, cells: Cell[]): void {
  let at = 0;
  for (const insert of INSERTS) {
    const next = () => cells.slice(at, at + insert.cells);
    for (; at + insert.cells <= cells.length; at += insert.cells) raw.prepare(insert.sql).run(next());
  }
}

/** A series of a batch and its row of `metrics`, its cells in the order of the statement. */
interface SeriesRow {
  points: MetricPoint[];
  row: Cell[];
}

function rowsOf(points: MetricPoint[]): SeriesRow[] {
  return seriesOf(points).map(({ points: own, last, finite, total, least, most }) => {
    const { value, special } = encodeNumber(last.value);
    const logged_at = new Date(last.logged_ms).toISOString();
    const sums = [own.length, finite, total, least, most];
    return { points: own, row: [last.run_id, last.key, last.step, value, special, logged_at, ...sums] };
  });
}

function seriesOf(points: MetricPoint[]): Series[] {
  const runs = new Map<string, Map<string, Series>>();
  for (const point of points) {
    let keys = runs.get(point.run_id);
    if (keys === undefined) runs.set(point.run_id, (keys = new Map()));
    let series = keys.get(point.key);
    if (series === undefined) {
      series = { points: [], last: point, finite: 0, total: 0, least: null, most: null };
      keys.set(point.key, series);
    }
    addTo(series, point);
  }
  return [...runs.values()].flatMap((keys) => [...keys.values()]);
}

function addTo(series: Series, point: MetricPoint): void {
  const { value, step } = point;
  series.points.push(point);
  if (step >= series.last.step) series.last = point;
  if (!Number.isFinite(value)) return;
  series.finite++;
  series.total += value;
  if (series.least === null || value < series.least) series.least = value;
  if (series.most === null || value > series.most) series.most = value;
}
