import { CompiledQuery } from 'kysely';
import { RiskopsError } from '../errors.js';
import { promotionsNamed, StoreWitness } from '../registry/store-witness.js';
import { fileIdentity } from '../storage/database/sqlite-file.js';
import { openStore } from '../storage/open-store.js';
import type { Store, StorePlaces } from '../storage/store.js';
import { printable } from '../util/text.js';

/** How long a read waits for a lock: it is answered in a second, or told why not. */
const BUSY_MS = 500;

interface Opened {
  store: Promise<Store>;
  file: string;
}

/**
 * The store for the routes that read it, opened when it is first needed. A store that is not there yet, or is
 * locked, fails the request alone; the next one tries again. A database put in place of the one that is open is
 * noticed, and taken only when it is the same store: what others made there knows neither tokens nor models.
 */
export class StoreHandle {
  #open: Opened | null = null;
  /** What was last asked whether it is the server's own. */
  #proved: Opened | null = null;
  #wasThere = false;
  #failure: RiskopsError | null = null;
  readonly #witness: StoreWitness;

  /** @param onChange told when the store is lost, and with null when it is back */
  constructor(
    private readonly places: StorePlaces,
    private readonly onChange: (failure: RiskopsError | null) => void = () => {},
  ) {
    this.#witness = new StoreWitness(places);
  }

  /** Why the store was lost, by the last look at it: it is gone, damaged or another one. Null while it is there, or never was. */
  get failure(): RiskopsError | null {
    return this.#failure;
  }

  /** @throws RiskopsError STORE_NOT_FOUND, STORE_FOREIGN, STORE_BUSY, STORE_DAMAGED, STORE_IO, STORE_VERSION */
  async store(): Promise<Store> {
    try {
      const opened = await this.#current();
      const store = await opened.store;
      if (this.#proved !== opened || !this.#witness.isSure) await this.#prove(store);
      this.#proved = opened;
      this.#wasThere = true;
      this.#note(null);
      return store;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  /**
   * The store of others that stands in the place, for a server that never saw its own: the tokens in it shut the door as well as
   * any. Null where there is none, or the server knows its own.
   * @throws as `store`
   */
  async strange(): Promise<Store | null> {
    return this.#wasThere || this.#failure?.code !== 'STORE_FOREIGN' ? null : (await this.#current()).store;
  }

  /** Throws when the store is gone or another one; a store that never was is no fault. */
  async check(): Promise<void> {
    await this.store().catch(() => {});
    if (this.#failure !== null) throw this.#failure;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.store.then((store) => store.close()).catch(() => {});
  }

  async #current(): Promise<Opened> {
    const file = fileIdentity(this.places.database) ?? 'none';
    if (this.#open !== null && this.#open.file !== file) await this.close();
    if (file === 'none') this.#refuseLoss();
    if (this.#open === null) {
      const opening = { store: openStore(this.places, { mode: 'read', busyTimeoutMs: BUSY_MS }), file };
      this.#open = opening;
      opening.store.catch(() => {
        if (this.#open === opening) this.#open = null;
      });
    }
    return this.#open;
  }

  async #prove(store: Store): Promise<void> {
    const { sql, parameters, judge } = this.#witness.question();
    const { rows } = await store.db.executeQuery(CompiledQuery.raw(sql, parameters));
    judge(rows[0]);
  }

  /** No database is not the same as none yet. */
  #refuseLoss(): void {
    const { database, currentModel } = this.places;
    if (!this.#wasThere && promotionsNamed(currentModel).length === 0) return;
    throw new RiskopsError('STORE_NOT_FOUND', {
      what: `The store is gone: there is no ${printable(database)}.`,
      why: this.#wasThere
        ? 'It was there before. What is loaded goes on, and no other store is made in its place.'
        : 'current.json names what was promoted in it, and nobody can tell whether it has tokens.',
      fix: this.#wasThere
        ? 'put it back, or: riskops restore BACKUP'
        : 'put it back, or: riskops restore BACKUP; without one, riskops token create makes a token to come in with',
      details: { gone: true },
    });
  }

  #note(error: unknown): void {
    const isLost = error instanceof RiskopsError && isLoss(error);
    // While somebody holds a lock nothing new is known.
    if (!isLost && error !== null) return;
    const before = this.#failure;
    this.#failure = isLost ? error : null;
    if (before?.message !== this.#failure?.message) this.onChange(this.#failure);
  }
}

/** Whether a store that should be there is not; one that is not yet there, locked or to be migrated is no loss. */
export function isLoss({ code, details }: RiskopsError): boolean {
  const isGone = code === 'STORE_NOT_FOUND' && (details as { gone?: boolean } | undefined)?.gone === true;
  return isGone || code === 'STORE_FOREIGN' || code === 'STORE_DAMAGED';
}
