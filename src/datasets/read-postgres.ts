import type { Client, ClientConfig, FieldDef } from 'pg';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { parseDate } from './dates.js';
import { QueryRows, type QueryValue, queryRefused, splitQuery } from './query-rows.js';
import type { ReadContext, ReadResult } from './read-options.js';

const EXAMPLE = 'postgres://user@host:5432/database#SELECT * FROM readings';
const CONNECT_MS = 15_000;
/** A statement that takes longer is ended by the server. */
const STATEMENT_MS = 600_000;
const ROWS_AT_ONCE = 10_000;
const SSL_MODES: Record<string, boolean> = {
  disable: false,
  require: true,
  'verify-ca': true,
  'verify-full': true,
};

/** OPTION_INVALID that shows nothing of the URL: it may hold a password. */
function refuseUrl(why: string, fix = EXAMPLE): RiskopsError {
  return new RiskopsError('OPTION_INVALID', { what: 'The PostgreSQL source cannot be used.', why, fix });
}

/** How to connect. A password has no place in what goes on record: `pg` takes it from PGPASSWORD or the pgpass file. */
export function parsePostgresUrl(place: string): ClientConfig {
  let url: URL;
  try {
    url = new URL(place);
  } catch {
    throw refuseUrl('It is no URL.');
  }
  if (url.password !== '' || url.searchParams.has('password'))
    throw refuseUrl(
      'Its URL holds a password, which would go on record.',
      'leave the password out, and set PGPASSWORD or write it to the pgpass file',
    );
  for (const key of url.searchParams.keys())
    if (key !== 'sslmode' && key !== 'host')
      throw refuseUrl(`It has the parameter "${printable(key, 40)}"; there is sslmode and host.`);
  const sslmode = url.searchParams.get('sslmode');
  if (sslmode !== null && !(sslmode in SSL_MODES))
    throw refuseUrl(`Its sslmode is none of ${Object.keys(SSL_MODES).join(', ')}.`);
  const part = (text: string) => (text === '' ? undefined : decodeURIComponent(text));
  const host = url.searchParams.get('host') ?? part(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  return {
    host,
    port: url.port === '' ? undefined : Number(url.port),
    user: part(url.username),
    database: part(url.pathname.slice(1)),
    ...(sslmode === null ? {} : { ssl: SSL_MODES[sslmode] }),
  };
}

/** Types by their number in the server's catalogue; everything else is text, as in a CSV. */
const INTEGERS = new Set([20, 21, 23, 26]);
const FLOATS = new Set([700, 701]);
const BOOLEAN = 16;
const DATES = new Set([1082, 1114, 1184]);

/** A cell of the server's text, by the type of its column. */
function cellOf(text: string | null, { dataTypeID }: FieldDef): QueryValue {
  if (text === null) return null;
  if (INTEGERS.has(dataTypeID)) return BigInt(text);
  if (FLOATS.has(dataTypeID)) return Number(text);
  if (dataTypeID === BOOLEAN) return text === 't';
  // With a zone the server writes the hours of its offset alone.
  const date = DATES.has(dataTypeID)
    ? parseDate(text.replace(/([+-]\d{2})$/, (zone) => (text.includes(':') ? `${zone}:00` : zone)))
    : undefined;
  return date === undefined ? text : new Date(date);
}

/** Reads the rows in one transaction that cannot write, some thousand at a time. */
async function readRows(
  path: string,
  client: Client,
  query: string,
  context: ReadContext,
): Promise<QueryRows> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const settings = {
    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'iso_8601',
    statement_timeout: String(STATEMENT_MS),
  };
  for (const [name, value] of Object.entries(settings)) await client.query(`SET LOCAL ${name} = '${value}'`);
  // The extended protocol takes one statement, so nothing can follow the query.
  const extended = { rowMode: 'array' as const, queryMode: 'extended' };
  await client.query({ ...extended, text: `DECLARE riskops_rows NO SCROLL CURSOR FOR ${query}` });
  let rows: QueryRows | undefined;
  for (;;) {
    const { rows: part, fields } = await client.query<(string | null)[]>({
      ...extended,
      text: `FETCH ${ROWS_AT_ONCE} FROM riskops_rows`,
    });
    rows ??= new QueryRows(
      path,
      fields.map(({ name }) => name),
    );
    for (const row of part) rows.add(row.map((text, i) => cellOf(text, fields[i])));
    context.onProgress({ bytes: 0, of: 0, rows: rows.count });
    if (part.length < ROWS_AT_ONCE) return rows;
  }
}

async function connect(client: Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    const message = printable((error as Error).message || String((error as NodeJS.ErrnoException).code));
    throw new RiskopsError('DATA_SOURCE_UNREACHABLE', {
      what: `The PostgreSQL server at ${printable(client.host)}:${client.port} cannot be reached, or lets nobody in.`,
      why: message,
      cause: error,
    });
  }
}

/** Reads what a query gives of a PostgreSQL database, in a transaction that cannot write: `postgres://user@host/database#SELECT ...`. */
export async function readPostgres(path: string, context: ReadContext): Promise<ReadResult> {
  const { place, query } = splitQuery(path, EXAMPLE);
  const where = parsePostgresUrl(place);
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    ...where,
    application_name: 'riskops',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS + CONNECT_MS,
    // Values stay the server's texts, which lose no digit.
    types: { getTypeParser: () => (text: string) => text },
  });
  // A connection that breaks also fails the query that waits; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await connect(client);
    return (await readRows(path, client, query, context)).finish(context);
  } catch (error) {
    if (error instanceof RiskopsError) throw error;
    throw queryRefused(path, printable((error as Error).message), undefined, error);
  } finally {
    await client.end().catch(() => {});
  }
}
