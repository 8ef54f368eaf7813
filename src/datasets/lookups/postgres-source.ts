import type { Pool, QueryResult } from 'pg';
import { parsePostgresUrl } from '../read-postgres.js';
import { checkColumns, type Key, type LookupSource, SourceError } from './source.js';

const CONNECTIONS = 4;

/** Types by their number in the server's catalogue, whose texts are numbers: int8, numeric. */
const NUMBERS = new Set([20, 1700]);
const BOOLEAN = 16;
const SMALL_NUMBERS = new Set([21, 23, 26, 700, 701]);

/** A value of the server's text by the type of its column; dates stay the server's text. */
function parserOf(type: number): (text: string) => unknown {
  if (type === BOOLEAN) return (text) => text === 't';
  return NUMBERS.has(type) || SMALL_NUMBERS.has(type) ? Number : (text) => text;
}

/** The classes of SQLSTATE that say that the query itself is wrong: syntax, names, rights. */
const isQueryFault = (code: unknown) => typeof code === 'string' && /^(42|0A)/.test(code);

/** The class of a key that is no value of its column's type, as `abc` among whole numbers: no row has it. */
const isNoKey = (code: unknown) => typeof code === 'string' && code.startsWith('22');

/** A PostgreSQL database, asked in sessions that cannot write; the password comes from PGPASSWORD or the pgpass file. */
export function openPostgresSource(work: {
  source: string;
  query: string;
  columns: string[];
  timeoutMs: number;
}): LookupSource {
  const { source, query, columns, timeoutMs } = work;
  const where = parsePostgresUrl(source);
  let pool: Promise<Pool> | undefined;
  const open = async () => {
    const { default: pg } = await import('pg');
    const made = new pg.Pool({
      ...where,
      max: CONNECTIONS,
      application_name: 'riskops',
      options: '-c default_transaction_read_only=on -c TimeZone=UTC -c DateStyle=ISO,YMD',
      connectionTimeoutMillis: Math.max(1_000, timeoutMs),
      statement_timeout: timeoutMs,
      query_timeout: timeoutMs + 1_000,
      types: { getTypeParser: parserOf },
    });
    // An idle connection that breaks must not end the process; the next query opens another.
    made.on('error', () => {});
    return made;
  };
  const ask = async (key: Key) => {
    let result: QueryResult<Record<string, unknown>>;
    try {
      pool ??= open();
      // With a value the protocol takes one statement alone.
      result = await (await pool).query(query, [String(key)]);
    } catch (error) {
      const { code, message } = error as Error & { code?: unknown };
      if (isNoKey(code)) return null;
      throw new SourceError(message, isQueryFault(code));
    }
    checkColumns(
      result.fields.map(({ name }) => name),
      columns,
    );
    return result.rows[0] ?? null;
  };
  return {
    fetch: (keys) => Promise.all(keys.map(ask)),
    async close() {
      await (await pool)?.end().catch(() => {});
    },
  };
}
