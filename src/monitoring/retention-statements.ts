import { firstIdOf } from './prediction-ids.js';

const DAY_MS = 86_400_000;

/** One transaction deletes so many segments, and so many outcomes: some milliseconds. */
const SEGMENTS_IN_BITE = 20;
const OUTCOMES_IN_BITE = 1_000;

/** What is older than this goes. */
export interface Cutoff {
  /** The smallest id that stays. */
  id: string;
  /** UTC. */
  at: string;
}

/** What is older than so many days. */
export function cutoffBefore(days: number, now: number): Cutoff {
  const at = now - days * DAY_MS;
  return { id: firstIdOf(at), at: new Date(at).toISOString() };
}

interface Statement {
  sql: string;
  parameters(cutoff: Cutoff): string[];
}

/**
 * One bite of what is too old: segments all of whose predictions are older, the outcomes of such predictions, and outcomes of things
 * that were both seen and told before. An outcome is a fact about somebody as much as the prediction is: it goes with it.
 */
export const RETENTION_STATEMENTS: readonly Statement[] = [
  {
    sql: `DELETE FROM prediction_segments WHERE first_id IN
      (SELECT first_id FROM prediction_segments WHERE last_id < ? ORDER BY last_id LIMIT ${SEGMENTS_IN_BITE})`,
    parameters: ({ id }) => [id],
  },
  {
    sql: `DELETE FROM outcomes WHERE sequence IN
      (SELECT sequence FROM outcomes WHERE prediction_id < ? ORDER BY prediction_id LIMIT ${OUTCOMES_IN_BITE})`,
    parameters: ({ id }) => [id],
  },
  {
    sql: `DELETE FROM outcomes WHERE sequence IN
      (SELECT sequence FROM outcomes WHERE entity IS NOT NULL AND received_at < ? AND observed_at < ?
       ORDER BY received_at LIMIT ${OUTCOMES_IN_BITE})`,
    parameters: ({ at }) => [at, at],
  },
];
