import { type RawBuilder, sql } from 'kysely';
import type { Store } from '../../storage/store.js';
import type { Mark, SortValue } from './cursor.js';
import { type SearchFacts, type Sql, shownValue, sortValue } from './field-sql.js';
import type { Column, Filter, SortKey } from './filter.js';
import { filterSql, list } from './filter-sql.js';

export interface RunSearch {
  where?: Filter | undefined;
  /** Equal runs, and all of them when this is empty, come newest first. */
  order: SortKey[];
  /** The runs in the trash instead of those outside of it. */
  deleted: boolean;
  limit: number;
  offset: number;
  after?: Mark | undefined;
}

export interface FoundRuns {
  /** `sequence` of the runs on the page, in order. */
  sequences: number[];
  /** Runs that fit, on all pages. */
  total: number;
  /** The last run of this page, when another page follows. */
  mark: Mark | null;
}

/** Finds a page of runs. One statement reads each fitting run once, for its place and for the count alike. */
export async function searchRuns(store: Store, search: RunSearch, facts: SearchFacts): Promise<FoundRuns> {
  const { where, order, limit, offset } = search;
  const rows =
    where === undefined && order.length === 0
      ? await newestRows(store, search)
      : await fittingRows(store, search, facts);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  // A page that is empty has no row to say how many there are on the others.
  const total = last?.total ?? (offset > 0 || search.after ? await countOf(store, search, facts) : 0);
  return {
    sequences: page.map((row) => row.sequence),
    total,
    mark:
      rows.length > limit && last !== undefined
        ? { values: sortValuesOf(last, order), sequence: last.sequence }
        : null,
  };
}

interface FoundRow {
  sequence: number;
  total: number;
  [key: `k${number}`]: SortValue;
}

const sortValuesOf = (row: FoundRow, order: SortKey[]) => order.map((_, i) => row[`k${i}`]);

const isListed = (deleted: boolean) => (deleted ? sql`r.deleted_at is not null` : sql`r.deleted_at is null`);

/** All runs, newest first: neither the runs nor the count need a look at more than the page. */
async function newestRows(store: Store, { deleted, limit, offset, after }: RunSearch): Promise<FoundRow[]> {
  const inTrash = sql`(select count(*) from runs where deleted_at is not null)`;
  const total = deleted ? inTrash : sql`(select count(*) from runs) - ${inTrash}`;
  const { rows } = await sql<FoundRow>`
    select r.sequence as sequence, ${total} as total from runs r
    where ${isListed(deleted)} and r.sequence < ${after?.sequence ?? Number.MAX_SAFE_INTEGER}
    order by r.sequence desc limit ${limit + 1} offset ${offset}`.execute(store.db);
  return rows;
}

async function fittingRows(store: Store, search: RunSearch, facts: SearchFacts): Promise<FoundRow[]> {
  const { order, limit, offset, after } = search;
  const keys = order.map((_, i) => sql.ref(`k${i}`));
  const directions = order.map(
    ({ descending }, i) => sql`${keys[i]} ${descending ? sql`desc` : sql`asc`} nulls last`,
  );
  const { rows } = await sql<FoundRow>`
    with fitting as materialized (${fitting(search, facts)})
    select *, (select count(*) from fitting) as total from fitting
    ${after === undefined ? sql`` : sql`where ${isAfter(order, keys, after)}`}
    order by ${sql.join([...directions, sql`sequence desc`])}
    limit ${limit + 1} offset ${offset}`.execute(store.db);
  return rows;
}

/** The runs that fit, with what they are sorted by. */
function fitting({ where, order, deleted }: RunSearch, facts: SearchFacts): Sql {
  const columns = order.map(({ field }, i) => sql`${sortValue(field, facts)} as ${sql.ref(`k${i}`)}`);
  const condition = where === undefined ? sql`` : sql`and ${filterSql(where, facts)}`;
  return sql`select ${sql.join([sql`r.sequence as sequence`, ...columns])} from runs r where ${isListed(deleted)} ${condition}`;
}

/** Whether a row comes after the mark: equal in the first keys and later in the next one; at last older. */
function isAfter(order: SortKey[], keys: Sql[], mark: Mark): RawBuilder<unknown> {
  let condition: Sql = sql`sequence < ${mark.sequence}`;
  for (let i = order.length - 1; i >= 0; i--) {
    const value = mark.values[i];
    const equal = sql`(${keys[i]} is ${value} and ${condition})`;
    const later = order[i].descending ? sql`<` : sql`>`;
    condition =
      value === null ? equal : sql`(${equal} or ${keys[i]} ${later} ${value} or ${keys[i]} is null)`;
  }
  return condition;
}

async function countOf(store: Store, search: RunSearch, facts: SearchFacts): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (${fitting({ ...search, order: [] }, facts)})`.execute(store.db);
  return rows[0].total;
}

/** The columns of runs by their `sequence`; a special number of a metric by its name. */
export async function readColumns(
  store: Store,
  sequences: number[],
  columns: readonly Column[],
  facts: SearchFacts,
): Promise<Map<number, unknown[]>> {
  if (sequences.length === 0 || columns.length === 0) return new Map();
  const shown = columns.map(({ field }, i) => sql`${shownValue(field, facts)} as ${sql.ref(`c${i}`)}`);
  const { rows } = await sql<Record<string, unknown> & { sequence: number }>`
    select ${sql.join([sql`r.sequence as sequence`, ...shown])} from runs r
    where r.sequence in (${list(sequences)})`.execute(store.db);
  return new Map(rows.map((row) => [row.sequence, columns.map((_, i) => row[`c${i}`])]));
}
