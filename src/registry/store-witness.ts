import { RiskopsError } from '../errors.js';
import type { StorePlaces } from '../storage/store.js';
import { printable } from '../util/text.js';
import { readPointer } from './pointer-file.js';

/** What a database says of itself: the hash of its first promotion, and how many of the asked ones it has on record. */
interface Testimony {
  first: string | null;
  known: number;
}

const SQL = `SELECT (SELECT hash FROM promotions ORDER BY sequence LIMIT 1) AS first,
  (SELECT count(*) FROM promotions WHERE promotion_id IN (SELECT value FROM json_each(?))) AS known`;

/**
 * Knows the store of a running process again. A database that stands in the place of the one before is its own when it begins with the same
 * promotion, as a copy that was put back does; the first one that the process sees, when it has any promotion that `current.json` names. A
 * store in which nothing was promoted cannot be told from another one, and there is nothing to lose in it.
 */
export class StoreWitness {
  #first: string | null = null;

  constructor(private readonly places: Pick<StorePlaces, 'database' | 'currentModel'>) {}

  /** Whether the store was seen, and can be told from others. */
  get isSure(): boolean {
    return this.#first !== null;
  }

  /**
   * What to ask the database; `judge` is handed the row that it answers.
   * @returns `judge`, which throws RiskopsError STORE_FOREIGN
   */
  question(): { sql: string; parameters: [string]; judge(answer: unknown): void } {
    const named = promotionsNamed(this.places.currentModel);
    const judge = (answer: unknown) => {
      const { first, known } = answer as Testimony;
      const isOther = this.#first === null ? named.length > 0 && known === 0 : first !== this.#first;
      if (isOther) throw foreign(this.places.database, this.isSure);
      this.#first ??= first;
    };
    return { sql: SQL, parameters: [JSON.stringify(named)], judge };
  }
}

/** The promotions that `current.json` names; none where it cannot be read, of which the reader of it tells. */
export function promotionsNamed(currentModel: string): string[] {
  try {
    const { models = {}, retired = {} } = readPointer(currentModel) ?? {};
    return [...Object.values(models), ...Object.values(retired)].map((entry) => entry.promotion_id);
  } catch {
    return [];
  }
}

function foreign(database: string, wasOther: boolean): RiskopsError {
  return new RiskopsError('STORE_FOREIGN', {
    what: `${printable(database)} is the database of another store.`,
    why: wasOther
      ? 'It does not begin with the promotion that the one before it began with.'
      : 'It has no record of any promotion that current.json names.',
    fix: wasOther
      ? 'put the right one back, or: riskops restore BACKUP; if this is the right one, start the server again'
      : 'put the right one back, or: riskops restore BACKUP; riskops doctor says what else helps',
    details: { database },
  });
}
