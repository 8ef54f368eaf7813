import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { rowEntityKey } from './entity.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { parseSegment } from './read-predictions.js';
import { VersionFactsReader } from './version-facts.js';

/** So many predictions in a row without the entity are no chance, whatever came before them. */
const MANY = 100;

/** The last predictions are looked for in so many segments of the log. */
const LAST_SEGMENTS = 50;

/** Sees the predictions of a model, oldest first, and tells when the last of them do not say what thing they are about. */
export class EntityWatch {
  #seen = 0;
  #without = 0;
  /** Fields that stood in a row since the last one that had all of them. */
  readonly #present = new Set<string>();
  #isRedacted = false;

  /** @param fields that name a thing of the model; at least one */
  constructor(
    private readonly model: string,
    private readonly fields: readonly string[],
  ) {}

  /** @param features the names of a row that is an array; null where they are not known */
  see({ inputs, redacted }: LoggedPrediction, features: readonly string[] | null): void {
    this.#seen++;
    if (rowEntityKey(inputs, this.fields, features) !== undefined) {
      this.#without = 0;
      this.#present.clear();
      this.#isRedacted = false;
      return;
    }
    this.#without++;
    for (const field of this.fields) {
      if (redacted?.includes(field)) this.#isRedacted = true;
      else if (rowEntityKey(inputs, [field], features) !== undefined) this.#present.add(field);
    }
  }

  /** One line for the user; undefined when the last predictions have the entity, or there are none. */
  note(): string | undefined {
    const last = this.#without;
    if (last === 0 || (last < this.#seen && last < MANY)) return undefined;
    const absent = this.fields.filter((field) => !this.#present.has(field));
    const names = (absent.length === 0 ? this.fields : absent)
      .map((name) => `"${printable(name, 60)}"`)
      .join(', ');
    const who = last === 1 ? 'The last prediction carries' : `The last ${last} predictions carry`;
    const fix = this.#isRedacted
      ? 'the log does not keep it: take it out of log.redact, or name another field there.'
      : 'send it in each row beside the features, or name there a field that is sent.';
    return `${who} no ${names} (models.${this.model}.entity), so outcomes by entity do not reach ${last === 1 ? 'it' : 'them'}: ${fix}`;
  }
}

/** What to say of outcomes by entity of a model whose config names no entity. */
export const noEntitySet = (model: string): string =>
  `Outcomes by entity are on record and not joined: set "entity" of models.${model} in the config.`;

/** The last real predictions of a model, oldest first; at most `MANY`, and none that is far back in the log. */
async function lastPredictions(store: Store, model: string): Promise<LoggedPrediction[]> {
  const found: LoggedPrediction[] = [];
  let before = '~';
  for (let looked = 0; looked < LAST_SEGMENTS && found.length < MANY; looked++) {
    const segment = await store.db
      .selectFrom('prediction_segments')
      .select(['first_id', 'content'])
      .where('first_id', '<', before)
      .orderBy('first_id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (segment === undefined) break;
    before = segment.first_id;
    const own = parseSegment(segment.content).filter(
      (entry) => entry.model === model && entry.shadow_of === undefined,
    );
    found.push(...own);
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(-MANY);
}

/**
 * Why outcomes by entity of a model will not find its predictions; undefined when they will, as far as the last predictions say.
 * @param fields of the config's `entity`; empty where none is set
 */
export async function entityNote(
  store: Store,
  model: string,
  fields: readonly string[],
): Promise<string | undefined> {
  if (fields.length === 0) return noEntitySet(model);
  const facts = new VersionFactsReader(store);
  const watch = new EntityWatch(model, fields);
  for (const entry of await lastPredictions(store, model)) {
    const isList = Array.isArray(entry.inputs);
    watch.see(entry, isList ? ((await facts.of(model, entry.version))?.features ?? null) : null);
  }
  return watch.note();
}
