import { readerOf } from '../datasets/encode-value.js';
import type { Feature, Signature } from '../datasets/signature.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Store } from '../storage/store.js';
import { sha256 } from '../util/files.js';
import { seededRandom } from '../util/random.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { predictionsOf } from './read-predictions.js';

/** Rows that are compared at most: with more the answer is the same, later. */
export const MOST_LOOKED = 20_000;

/** A cell that the log has no value for: its field was not sent, not kept, or is no value of the feature. */
const ABSENT = Number.POSITIVE_INFINITY;

export interface WindowChoice {
  model: string;
  version: number;
  from?: string | undefined;
  to?: string | undefined;
  /** The newest so many alone, instead of a sample of all. */
  newest?: number | undefined;
}

/** Rows of the log as cells. */
export interface WindowRows {
  /** UTC times of the oldest and the newest row that is in it; null without rows. */
  from: string | null;
  to: string | null;
  /** Rows in the log, or the newest ones that were asked for. */
  rows: number;
  /** Rows that are in it. */
  looked: number;
  /** How many of these are another one's twin in every feature. */
  repeated: number;
  /** Names of the fields whose values were not kept. */
  redacted: Set<string>;
  /** One feature's cells, one a row. `isAbsent` tells those that the log has no value for. */
  column(feature: number): Float64Array;
  /** The answers: of three or more classes the number of the likeliest, -1 for one that is unknown. */
  scores: Float64Array;
}

export const isAbsent = (cell: number): boolean => cell === ABSENT;

/** Reads a row as it was sent: by the names of the version that answered, into the cells of the reference. */
function rowReader(asked: Signature, reference: Signature) {
  const readers = reference.features.map((feature: Feature) => readerOf(feature, reference.missing));
  const places = new Map(asked.features.map(({ name }, i) => [name, i]));
  const width = readers.length;
  const sentValue = (inputs: unknown, name: string): unknown => {
    if (Array.isArray(inputs)) return inputs[places.get(name) ?? -1];
    const fields = inputs as Record<string, unknown>;
    return typeof inputs === 'object' && inputs !== null && Object.hasOwn(fields, name)
      ? fields[name]
      : undefined;
  };
  return ({ inputs, redacted = [] }: LoggedPrediction, cells: Float64Array, at: number): void => {
    for (let i = 0; i < width; i++) {
      const { name } = readers[i];
      const value = redacted.includes(name) ? undefined : sentValue(inputs, name);
      const isRead = value !== undefined && readers[i].read(value, cells, at + i) !== 'WRONG_TYPE';
      if (!isRead) cells[at + i] = ABSENT;
    }
  };
}

type Classes = Pick<ModelHeader, 'task' | 'classes'>;

function scoreReader({ task, classes }: Classes): (entry: LoggedPrediction) => number {
  if (task !== 'multiclass' || classes === null) return ({ prediction }) => Number(prediction);
  const codes = new Map(classes.map((name, code) => [String(name), code]));
  return ({ prediction }) => codes.get(String(prediction)) ?? -1;
}

/** Where each row of a stream goes in a sample of `size`: the newest ones, or all with the same chance (Vitter's algorithm R, seeded). */
function placing(size: number, newest: boolean): (seen: number) => number {
  if (newest) return (seen) => seen % size;
  const random = seededRandom(0);
  return (seen) => (seen < size ? seen : Math.floor(random() * (seen + 1)));
}

/** Rows that are equal in every cell to one before them. */
function countTwins(cells: Float64Array, looked: number, width: number): number {
  const seen = new Set<string>();
  for (let row = 0; row < looked; row++) {
    const bytes = new Uint8Array(cells.buffer, row * width * 8, width * 8);
    seen.add(sha256(bytes));
  }
  return looked - seen.size;
}

/**
 * Reads a window of the log, as much memory as 20,000 rows take however many there are: the newest rows where a number was asked for, else
 * a sample in which every row has the same chance, the same one each time.
 * @param asked the version that answered
 * @param reference the signature that the cells are of
 */
export async function readWindow(
  store: Store,
  { model, version, from, to, newest }: WindowChoice,
  asked: Pick<ModelHeader, 'signature' | 'task' | 'classes'>,
  reference: Signature,
): Promise<WindowRows> {
  const width = reference.features.length;
  const size = Math.min(newest ?? MOST_LOOKED, MOST_LOOKED);
  const place = placing(size, newest !== undefined);
  const readRow = rowReader(asked.signature, reference);
  const readScore = scoreReader(asked);
  // Grown as rows come: a window of few rows of many features takes little.
  let cells = new Float64Array(Math.min(size, 256) * width);
  const scores: number[] = [];
  const times: string[] = [];
  const redacted = new Set<string>();
  let seen = 0;
  for await (const entries of predictionsOf(store, { model, version, ...bounds(from, to) })) {
    for (const entry of entries) {
      const row = place(seen++);
      for (const name of entry.redacted ?? []) redacted.add(name);
      if (row >= size) continue;
      if ((row + 1) * width > cells.length) cells = grown(cells, size * width);
      readRow(entry, cells, row * width);
      scores[row] = readScore(entry);
      times[row] = entry.at;
    }
  }
  const looked = scores.length;
  const inOrder = times.toSorted();
  return {
    from: inOrder[0] ?? null,
    to: inOrder[looked - 1] ?? null,
    rows: newest === undefined ? seen : looked,
    looked,
    repeated: countTwins(cells, looked, width),
    redacted,
    column: (feature) => Float64Array.from({ length: looked }, (_, row) => cells[row * width + feature]),
    scores: Float64Array.from(scores),
  };
}

const bounds = (from?: string, to?: string) => ({
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});

function grown(cells: Float64Array<ArrayBuffer>, most: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.min(most, cells.length * 4));
  larger.set(cells);
  return larger;
}
