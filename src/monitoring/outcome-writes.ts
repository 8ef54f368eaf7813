import { sql, type Transaction } from 'kysely';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';

/** An outcome that fits, on its way. */
export interface NewOutcome {
  model: string | null;
  prediction_id: string | null;
  /** The key of a thing; null beside a prediction's id. */
  entity: string | null;
  value_json: string;
  /** Null: not told. */
  observed_at: string | null;
}

/** The last that was told of one subject at one time. */
interface Observation {
  value_json: string;
  observed_at: string;
}

export interface WriteCounts {
  added: number;
  unchanged: number;
  corrected: number;
}

const ROWS_AT_ONCE = 1_000;

const subjectOf = ({ prediction_id, model, entity }: Omit<NewOutcome, 'value_json' | 'observed_at'>) =>
  prediction_id ?? JSON.stringify([model, entity]);

type Known = Map<string, Observation[]>;

/** What is on record of the subjects of these outcomes: of a prediction the last, of a thing the last of each time, oldest first. */
async function readKnown(tables: Transaction<Database>, outcomes: readonly NewOutcome[]): Promise<Known> {
  const ids = outcomes.flatMap(({ prediction_id: id }) => (id === null ? [] : [id]));
  const things = outcomes.flatMap(({ prediction_id: id, model, entity }) =>
    id === null ? [[model, entity]] : [],
  );
  const byId = await sql<Observation & { prediction_id: string; sequence: number }>`
    SELECT o.prediction_id, o.value_json, o.observed_at, max(o.sequence) AS sequence
    FROM json_each(${JSON.stringify([...new Set(ids)])}) AS k
    CROSS JOIN outcomes AS o ON o.prediction_id = k.value
    GROUP BY o.prediction_id`.execute(tables);
  const byThing = await sql<Observation & { model: string; entity: string; sequence: number }>`
    SELECT o.model, o.entity, o.value_json, o.observed_at, max(o.sequence) AS sequence
    FROM (SELECT DISTINCT value ->> 0 AS model, value ->> 1 AS entity
      FROM json_each(${JSON.stringify(things)})) AS k
    CROSS JOIN outcomes AS o ON o.model = k.model AND o.entity = k.entity
    GROUP BY o.model, o.entity, o.observed_at
    ORDER BY o.model, o.entity, o.observed_at`.execute(tables);
  const known: Known = new Map();
  for (const row of byId.rows) known.set(row.prediction_id, [row]);
  for (const row of byThing.rows) {
    const subject = subjectOf({ ...row, prediction_id: null });
    known.set(subject, [...(known.get(subject) ?? []), row]);
  }
  return known;
}

/** What the outcome is told again of, if anything: of a prediction its outcome, of a thing the one of that time, or the newest. */
function toldBefore({ prediction_id, observed_at }: NewOutcome, known: readonly Observation[]) {
  if (prediction_id !== null || observed_at === null) return known.at(-1);
  return known.find((one) => one.observed_at === observed_at);
}

function insertAll(
  tables: Transaction<Database>,
  outcomes: readonly (NewOutcome & { observed_at: string })[],
  { actor, receivedAt }: { actor: string; receivedAt: string },
) {
  const rows = outcomes.map((one) => [
    ...[one.model, one.prediction_id, one.entity, one.value_json, one.observed_at],
  ]);
  return sql`
    INSERT INTO outcomes (model, prediction_id, entity, value_json, observed_at, received_at, actor)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ${receivedAt}, ${actor}
    FROM json_each(${JSON.stringify(rows)}) ORDER BY key`.execute(tables);
}

/** Sorts a batch into what is new, the same again, and another value; the first and the last of them are written. */
async function writeBatch(
  tables: Transaction<Database>,
  batch: readonly NewOutcome[],
  by: { actor: string; receivedAt: string },
): Promise<WriteCounts> {
  const known = await readKnown(tables, batch);
  const counts: WriteCounts = { added: 0, unchanged: 0, corrected: 0 };
  const written: (NewOutcome & { observed_at: string })[] = [];
  for (const outcome of batch) {
    const subject = subjectOf(outcome);
    const observations = known.get(subject) ?? [];
    const before = toldBefore(outcome, observations);
    const observed_at = outcome.observed_at ?? before?.observed_at ?? by.receivedAt;
    if (before?.value_json === outcome.value_json && before.observed_at === observed_at) {
      counts.unchanged++;
      continue;
    }
    counts[before === undefined ? 'added' : 'corrected']++;
    written.push({ ...outcome, observed_at });
    const others = observations.filter((one) => one !== before);
    const now = [...others, { value_json: outcome.value_json, observed_at }];
    known.set(
      subject,
      now.sort((a, b) => (a.observed_at < b.observed_at ? -1 : 1)),
    );
  }
  if (written.length > 0) await insertAll(tables, written, by);
  return counts;
}

/** Writes outcomes in one durable transaction, in their order. */
export async function writeOutcomes(
  store: Store,
  outcomes: readonly NewOutcome[],
  by: { actor: string; receivedAt: string },
): Promise<WriteCounts> {
  const total: WriteCounts = { added: 0, unchanged: 0, corrected: 0 };
  if (outcomes.length === 0) return total;
  await store.write(async (tables) => {
    for (let from = 0; from < outcomes.length; from += ROWS_AT_ONCE) {
      const counts = await writeBatch(tables, outcomes.slice(from, from + ROWS_AT_ONCE), by);
      for (const key of ['added', 'unchanged', 'corrected'] as const) total[key] += counts[key];
    }
  });
  return total;
}
