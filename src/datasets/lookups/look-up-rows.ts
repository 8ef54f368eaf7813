import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import type { Feature, Signature } from '../signature.js';
import type { Lookup } from './lookup.js';
import type { LookupSpec } from './parse-lookups.js';
import { type Found, type Key, SourceError } from './source.js';

type Row = Record<string, unknown>;

/** A row that lacks features of a lookup, and its key. */
interface Lacking {
  row: number;
  features: [column: string, feature: Feature][];
  key: Key | null;
}

interface KeyProblem {
  row: number;
  field: string;
  problem: string;
}

const MOST_LISTED = 100;

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a database says as the feature's reader takes it: a number that came as text, 0 and 1 for a boolean. */
function valueFor({ type }: Feature, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'category') return typeof value === 'string' ? value : String(value);
  if (type === 'boolean') return value === 0 ? false : value === 1 ? true : value;
  if (type === 'date') return value;
  const number = typeof value === 'boolean' || typeof value === 'string' ? Number(value) : value;
  // JSON has no other numbers: what is none is a missing value.
  return Number.isFinite(number) ? number : null;
}

/** The rows that lack features, with their keys; a row by position has all of its features already. */
function lackingRows(rows: readonly unknown[], spec: LookupSpec, features: ReadonlyMap<string, Feature>) {
  const lacking: Lacking[] = [];
  const problems: KeyProblem[] = [];
  for (const [i, row] of rows.entries()) {
    if (!isRow(row)) continue;
    const missing = [...features].filter(([, { name }]) => !Object.hasOwn(row, name));
    if (missing.length === 0) continue;
    const given = Object.hasOwn(row, spec.key) ? row[spec.key] : undefined;
    const key = typeof given === 'string' || Number.isFinite(given) ? (given as Key) : null;
    const isNone = given === undefined || given === null;
    if (key === null && (!isNone || spec.missing === 'error'))
      problems.push({
        row: i,
        field: spec.key,
        problem: isNone ? `is needed to look up ${missing[0][1].name}` : 'must be a text or a number',
      });
    lacking.push({ row: i, features: missing, key });
  }
  return { lacking, problems };
}

function refuse(problems: readonly KeyProblem[], count: number): void {
  if (problems.length === 0) return;
  const [{ row, field, problem }] = problems;
  throw new RiskopsError('VALIDATION_ERROR', {
    what: problems.length === 1 ? 'A key does not fit.' : `${problems.length} keys do not fit.`,
    why: `${count === 1 ? '' : `row ${row}, `}${printable(field, 60)}: ${problem}`,
    fix: 'send a key that is known, or the features themselves',
    details: { problems: problems.slice(0, MOST_LISTED), problem_count: problems.length },
  });
}

/** What is told to an operator when a lookup gives nothing: its fault's own words. */
export type OnTrouble = (line: string) => void;

async function ask(
  lookup: Lookup,
  keys: readonly Key[],
  onTrouble: OnTrouble,
): Promise<ReadonlyMap<Key, Found | null> | null> {
  const { key, unavailable, timeoutMs } = lookup.spec;
  try {
    return await lookup.get(keys);
  } catch (error) {
    const reason = error instanceof SourceError ? error.message : String(error);
    onTrouble(`The lookup by ${printable(key, 60)} gives nothing: ${printable(reason, 300)}.`);
    if (unavailable === 'null') return null;
    throw new RiskopsError('LOOKUP_UNAVAILABLE', {
      what: `The features that are looked up by ${printable(key, 60)} cannot be had.`,
      why: `Their source did not answer, or not within ${timeoutMs} ms.`,
      details: { key },
      cause: error,
    });
  }
}

async function lookUp(
  rows: readonly unknown[],
  lookup: Lookup,
  signature: Signature,
  onTrouble: OnTrouble,
): Promise<[row: number, values: Row][]> {
  const { spec } = lookup;
  const features = new Map(
    [...spec.features].flatMap(([column, name]) => {
      const feature = signature.features.find((one) => one.name === name);
      return feature === undefined ? [] : [[column, feature] as const];
    }),
  );
  const { lacking, problems } = lackingRows(rows, spec, features);
  refuse(problems, rows.length);
  if (lacking.length === 0) return [];
  const keys = lacking.flatMap(({ key }) => (key === null ? [] : [key]));
  const found = keys.length === 0 ? null : await ask(lookup, keys, onTrouble);
  const unknown = lacking.filter(({ key }) => key !== null && found?.get(key) === null);
  if (spec.missing === 'error')
    refuse(
      unknown.map(({ row, key }) => ({
        row,
        field: spec.key,
        problem: `${printable(JSON.stringify(key), 60)} is not known`,
      })),
      rows.length,
    );
  return lacking.map(({ row, features: missing, key }) => {
    const values = key === null ? undefined : found?.get(key);
    return [
      row,
      Object.fromEntries(
        missing.map(([column, feature]) => [feature.name, valueFor(feature, values?.[column])]),
      ),
    ];
  });
}

/**
 * The rows with the features that were looked up; a feature that a row gives itself is kept. Rows that lack nothing are the same objects.
 * @throws RiskopsError VALIDATION_ERROR for a key that is not given or not known, LOOKUP_UNAVAILABLE
 */
export async function lookUpRows(
  rows: readonly unknown[],
  lookups: readonly Lookup[],
  signature: Signature,
  onTrouble: OnTrouble,
): Promise<readonly unknown[]> {
  const added = await Promise.all(lookups.map((lookup) => lookUp(rows, lookup, signature, onTrouble)));
  if (added.every((list) => list.length === 0)) return rows;
  const whole = [...rows];
  for (const [row, values] of added.flat()) whole[row] = { ...(whole[row] as Row), ...values };
  return whole;
}
