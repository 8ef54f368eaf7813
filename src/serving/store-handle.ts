import { statSync } from 'node:fs';
import { openStore } from '../storage/open-store.js';
import type { Store, StorePlaces } from '../storage/store.js';

/** How long a read waits for a lock: it is answered in a second, or told why not. */
const BUSY_MS = 500;

/**
 * The store for the routes that read it, opened when it is first needed. A store that is not there yet, or is
 * locked, fails the request alone; the next one tries again. A database put in place of the one that is open is
 * noticed.
 */
export class StoreHandle {
  #open: { store: Promise<Store>; file: string } | null = null;

  constructor(private readonly places: StorePlaces) {}

  /** @throws RiskopsError STORE_NOT_FOUND, STORE_BUSY, STORE_DAMAGED, STORE_IO, STORE_VERSION */
  async store(): Promise<Store> {
    const file = this.#fileIdentity();
    if (this.#open !== null && this.#open.file !== file) await this.close();
    if (this.#open === null) {
      const opening = { store: openStore(this.places, { mode: 'read', busyTimeoutMs: BUSY_MS }), file };
      this.#open = opening;
      opening.store.catch(() => {
        if (this.#open === opening) this.#open = null;
      });
    }
    return this.#open.store;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.store.then((store) => store.close()).catch(() => {});
  }

  #fileIdentity(): string {
    try {
      const { dev, ino } = statSync(this.places.database, { bigint: true });
      return `${dev}:${ino}`;
    } catch {
      return 'none';
    }
  }
}
