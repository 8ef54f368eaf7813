import type { LookupSpec } from './parse-lookups.js';
import { openPostgresSource } from './postgres-source.js';
import { type Found, type Key, type LookupSource, SourceError } from './source.js';
import { openSqliteSource } from './sqlite-source.js';
import { TtlCache } from './ttl-cache.js';

/** Keys that may be on their way at a time: a source that hangs must not gather requests without end. */
const MOST_UNDER_WAY = 10_000;
const PROBE_MS = 5_000;

function openSource({ source, query, features, timeoutMs }: LookupSpec): LookupSource {
  const columns = [...features.keys()];
  if (source.startsWith('sqlite:'))
    return openSqliteSource({ file: source.slice('sqlite:'.length), query, columns });
  return openPostgresSource({ source, query, columns, timeoutMs });
}

/** 5 and "5" may be two keys. */
const idOf = (key: Key) => `${typeof key} ${key}`;

/** One lookup of a model: its source, what it found lately, and what is on its way. */
export class Lookup {
  readonly #source: LookupSource;
  readonly #cache: TtlCache<Found | null>;
  readonly #underWay = new Map<string, Promise<Found | null>>();

  constructor(
    readonly spec: LookupSpec,
    { source = openSource(spec), now = () => performance.now() } = {},
  ) {
    this.#source = source;
    this.#cache = new TtlCache(spec.cacheRows, spec.ttlSeconds * 1000, now);
  }

  /**
   * The row of each key; null where the source has none. Each key is asked for once, whoever waits for it.
   * @throws SourceError also when it takes longer than the lookup's time
   */
  async get(keys: readonly Key[]): Promise<Map<Key, Found | null>> {
    const found = new Map<Key, Found | null>();
    const waiting: Promise<unknown>[] = [];
    const fresh = new Map<string, Key>();
    for (const key of new Set(keys)) {
      const id = idOf(key);
      const cached = this.#cache.get(id);
      if (cached !== undefined) found.set(key, cached.value);
      else if (!this.#underWay.has(id)) fresh.set(id, key);
    }
    if (fresh.size > 0) this.#ask(fresh);
    for (const key of new Set(keys)) {
      const answer = found.has(key) ? undefined : this.#underWay.get(idOf(key));
      if (answer !== undefined) waiting.push(answer.then((row) => found.set(key, row)));
    }
    if (waiting.length > 0) await this.#inTime(Promise.all(waiting));
    return found;
  }

  /**
   * Asks the source once, for a key that hardly is one, before anybody waits.
   * @throws SourceError
   */
  async probe(): Promise<void> {
    // The first question starts a thread or makes a connection.
    await this.#inTime(this.#source.fetch([0]), Math.max(PROBE_MS, this.spec.timeoutMs));
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  #ask(fresh: ReadonlyMap<string, Key>): void {
    if (this.#underWay.size + fresh.size > MOST_UNDER_WAY)
      throw new SourceError(`${this.#underWay.size} keys wait for it already`, false);
    const rows = this.#source.fetch([...fresh.values()]);
    for (const [i, id] of [...fresh.keys()].entries()) {
      const row = rows.then(
        (all) => {
          this.#underWay.delete(id);
          this.#cache.set(id, all[i]);
          return all[i];
        },
        (error: unknown) => {
          this.#underWay.delete(id);
          throw error;
        },
      );
      // Nobody may be waiting any more.
      row.catch(() => {});
      this.#underWay.set(id, row);
    }
  }

  async #inTime(work: Promise<unknown>, timeoutMs = this.spec.timeoutMs): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new SourceError(`it did not answer within ${timeoutMs} ms`, false)),
        timeoutMs,
      );
    });
    try {
      await Promise.race([work, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}
