import { RiskopsError } from '../../errors.js';
import { printable, suggestWord } from '../../util/text.js';
import { parsePostgresUrl } from '../read-postgres.js';
import type { Signature } from '../signature.js';

/** Features that are fetched by a key from a database. */
export interface LookupSpec {
  /** The field of a row that holds the key; it need not be a feature. */
  key: string;
  /** `sqlite:PATH` or `postgres://user@host/database`. */
  source: string;
  /** One SELECT with one parameter, the key: `?` for SQLite, `$1` for PostgreSQL. */
  query: string;
  /** Column of the query -> feature of the model. */
  features: ReadonlyMap<string, string>;
  /** How long what was found is used again; 0: not at all. */
  ttlSeconds: number;
  /** How long a request waits. */
  timeoutMs: number;
  /** What happens where there is no row for a key, or no key. */
  missing: 'error' | 'null';
  /** What happens where the source does not answer in time. */
  unavailable: 'error' | 'null';
  /** The most keys that are kept. */
  cacheRows: number;
}

const MOST_LOOKUPS = 20;
const MOST_QUERY = 10_000;
const KEYS = [
  'key',
  'source',
  'query',
  'features',
  'ttlSeconds',
  'timeoutMs',
  'missing',
  'unavailable',
  'cacheRows',
];

function refused(place: number | null, why: string): RiskopsError {
  return new RiskopsError('CHECKS_INVALID', {
    what: place === null ? 'The lookups are none.' : `Lookup ${place} is none.`,
    why,
    fix: 'mend "lookups" of the model in riskops.config: {"key": "store_id", "source": "sqlite:stores.db", "query": "SELECT rating FROM stores WHERE id = ?", "features": {"rating": "store_rating"}}',
  });
}

/** How often a pattern stands in a query outside texts, quoted names and comments. */
function countOutside(query: string, pattern: RegExp): number {
  const bare = query.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  return [...bare.matchAll(pattern)].length;
}

class Reader {
  constructor(
    private readonly value: Record<string, unknown>,
    private readonly place: number,
  ) {}

  refuse(why: string): never {
    throw refused(this.place, why);
  }

  text(key: string, most: number): string {
    const value = this.value[key];
    if (typeof value === 'string' && value.trim() !== '' && value.length <= most) return value;
    return this.refuse(`Its "${key}" is no text of 1 to ${most} characters.`);
  }

  number(key: string, { min, max, otherwise }: { min: number; max: number; otherwise: number }): number {
    const value = this.value[key] ?? otherwise;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number;
    return this.refuse(`Its "${key}" is no whole number from ${min} to ${max}.`);
  }

  choice(key: string): 'error' | 'null' {
    const value = this.value[key] ?? 'error';
    return value === 'error' || value === 'null'
      ? value
      : this.refuse(`Its "${key}" is neither "error" nor "null".`);
  }

  features(): Map<string, string> {
    const value = this.value['features'];
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.refuse('Its "features" do not say which column is which feature.');
    const entries = Object.entries(value);
    const isText = (feature: unknown): feature is string => typeof feature === 'string' && feature !== '';
    if (entries.length === 0 || !entries.every(([, feature]) => isText(feature)))
      this.refuse('Its "features" do not say which column is which feature.');
    if (new Set(entries.map(([, feature]) => feature)).size < entries.length)
      this.refuse('Two columns of its "features" are one feature.');
    return new Map(entries as [string, string][]);
  }
}

function checkQuery(reader: Reader, source: string, query: string): void {
  const isPostgres = /^postgres(ql)?:\/\//.test(source);
  if (!isPostgres && !source.startsWith('sqlite:'))
    reader.refuse('Its "source" is neither sqlite:PATH nor postgres://user@host/database.');
  if (isPostgres) {
    parsePostgresUrl(source);
    if (countOutside(query, /\$1(?!\d)/g) === 0 || countOutside(query, /\$(?!1(?!\d))\d+/g) > 0)
      reader.refuse('Its "query" has not the one parameter $1, which stands for the key.');
  } else if (countOutside(query, /\?/g) !== 1)
    reader.refuse('Its "query" has not one parameter ?, which stands for the key.');
  if (!/^\s*(select|with|values)\b/i.test(query)) reader.refuse('Its "query" is no SELECT.');
}

function parseLookup(value: unknown, place: number): LookupSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(place, 'It is no object.');
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw refused(place, `It has the key "${printable(unknown, 40)}": ${suggestWord(unknown, KEYS)}`);
  const reader = new Reader(value as Record<string, unknown>, place);
  const source = reader.text('source', 4096);
  const query = reader.text('query', MOST_QUERY);
  checkQuery(reader, source, query);
  const key = reader.text('key', 4096);
  const features = reader.features();
  if ([...features.values()].includes(key)) reader.refuse('Its "key" is one of its features.');
  return {
    key,
    source,
    query,
    features,
    ttlSeconds: reader.number('ttlSeconds', { min: 0, max: 31_536_000, otherwise: 300 }),
    timeoutMs: reader.number('timeoutMs', { min: 1, max: 60_000, otherwise: 200 }),
    missing: reader.choice('missing'),
    unavailable: reader.choice('unavailable'),
    cacheRows: reader.number('cacheRows', { min: 1, max: 10_000_000, otherwise: 10_000 }),
  };
}

/**
 * The lookups of a config, out of parsed JSON; none for null.
 * @throws RiskopsError CHECKS_INVALID naming the first fault; OPTION_INVALID for a PostgreSQL URL that cannot be used
 */
export function parseLookups(value: unknown): LookupSpec[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw refused(null, 'They are not a list.');
  if (value.length > MOST_LOOKUPS)
    throw refused(null, `There are ${value.length}, more than ${MOST_LOOKUPS}.`);
  const specs = value.map((lookup, i) => parseLookup(lookup, i + 1));
  const features = specs.flatMap((spec) => [...spec.features.values()]);
  const twice = features.find((feature, i) => features.indexOf(feature) !== i);
  if (twice !== undefined) throw refused(null, `Two of them give the feature "${printable(twice, 60)}".`);
  return specs;
}

/**
 * Refuses a lookup of what is no feature.
 * @throws RiskopsError CHECKS_INVALID with the nearest name
 */
export function checkFeaturesKnown(specs: readonly LookupSpec[], { features }: Signature): void {
  const names = features.map(({ name }) => name);
  for (const [i, spec] of specs.entries()) {
    const unknown = [...spec.features.values()].find((feature) => !names.includes(feature));
    if (unknown !== undefined)
      throw refused(
        i + 1,
        `The model has no feature "${printable(unknown, 60)}": ${printable(suggestWord(unknown, names), 300)}`,
      );
  }
}
