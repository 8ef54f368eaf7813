import { type RawBuilder, sql } from 'kysely';
import type { Field } from './fields.js';
import { type Directions, directionOf } from './metric-direction.js';

export type Sql = RawBuilder<unknown>;

/** What the database does not know about the runs in it. */
export interface SearchFacts {
  /** `sequence` of the runs that read LOST: what stands as RUNNING, and whose process is gone. */
  lost?: ReadonlySet<number> | undefined;
  directions?: Directions | undefined;
}

type Of<T extends Field['type']> = Extract<Field, { type: T }>;

/**
 * The value of a field of the run `r`, given to `use` where it can be read, so that a run without it yields null.
 * Everything that a user wrote is a bound parameter.
 */
export function withValue(field: Field, facts: SearchFacts, use: (value: Sql) => Sql): Sql {
  switch (field.type) {
    case 'pair':
      return sql`(select ${use(sql`p.value`)} from ${sql.table(field.table)} p where p.run_id = r.run_id and p.key = ${field.key})`;
    case 'metric':
      return ofSeries(field, use(summaryOf(field, facts)));
    default:
      return use(columnOf(field, facts));
  }
}

function columnOf(field: Exclude<Field, Of<'pair' | 'metric'>>, { lost = new Set() }: SearchFacts): Sql {
  switch (field.type) {
    case 'status':
      if (lost.size === 0) return sql`r.status`;
      return sql`case when r.status = 'RUNNING' and r.sequence in (select value from json_each(${JSON.stringify([...lost])})) then 'LOST' else r.status end`;
    case 'duration':
      return sql`r.duration_ms`;
    case 'flag':
      return field.column === 'git_dirty' ? sql`r.git_dirty` : sql`(r.protected_at is not null)`;
    default:
      return sql`${sql.ref(`r.${field.column}`)}`;
  }
}

/**
 * `expression` over the series `m` of a metric. The planner would rather take the unique index on run and key and then the
 * row, two searches in what may not fit into memory; the other index has all of the series in it.
 */
function ofSeries({ key }: Of<'metric'>, expression: Sql): Sql {
  return sql`(select ${expression} from metrics m indexed by metrics_by_key where m.run_id = r.run_id and m.key = ${key})`;
}

/** Without a scan of the points: each series keeps its count and sum, its least and its most. NaN reads as null. */
export function summaryOf({ key, summary }: Of<'metric'>, { directions }: SearchFacts): Sql {
  switch (summary) {
    case 'last':
      return sql`case m.special when 'Infinity' then 9e999 when '-Infinity' then -9e999 else m.value end`;
    case 'min':
      return sql`m.least`;
    case 'max':
      return sql`m.most`;
    case 'mean':
      return sql`case when m.finite > 0 then m.total / m.finite end`;
    case 'count':
      return sql`m.points`;
    case 'best':
      return directionOf(key, directions) === 'less' ? sql`m.least` : sql`m.most`;
  }
}

export const isNumeric = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** Text that is a number in whole, or names an infinity, as a number; any other as null. */
export function numberOfText(value: Sql): Sql {
  // Against a number SQLite reads such text as one; other text it puts after every number, also after infinity.
  return sql`case when ${value} <= cast(9e999 as real) then cast(${value} as numeric) when ${value} = 'Infinity' then 9e999 when ${value} = '-Infinity' then -9e999 end`;
}

/** So much of a text counts for its place in an order. */
const SORTED_TEXT = 200;

/** What the field is sorted by: of parameters and tags numbers first, then text; null is last either way. */
export function sortValue(field: Field, facts: SearchFacts): Sql {
  return withValue(field, facts, (value) => {
    const text = sql`substr(${value}, 1, ${sql.lit(SORTED_TEXT)})`;
    if (field.type === 'text') return text;
    if (field.type !== 'pair') return value;
    return sql`case when ${value} = 'NaN' then null else coalesce(cast(${numberOfText(value)} as real), ${text}) end`;
  });
}

/** What is shown of the field: as recorded; special numbers of metrics by their names. */
export function shownValue(field: Field, facts: SearchFacts): Sql {
  if (field.type === 'metric' && field.summary === 'last')
    return ofSeries(field, sql`coalesce(m.special, m.value)`);
  return withValue(field, facts, (value) => value);
}
