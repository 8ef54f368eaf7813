import { hash, timingSafeEqual } from 'node:crypto';
import { RiskopsError } from '../../errors.js';
import { TOKEN_FORM } from '../../registry/tokens.js';
import type { Store } from '../../storage/store.js';
import { isLoss, type StoreHandle } from '../store-handle.js';
import type { Identity } from './identity.js';

const LOOK_MS = 500;
/** What a token of an unknown id is compared with, so that it takes as long as one of a known id. */
const NOBODY = Buffer.alloc(32);

interface Known {
  secret: Buffer;
  identity: Identity;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/**
 * The tokens of the store, read again twice a second and off every request's path. While the store cannot be read, what it said
 * last holds; what it never said yet is not taken for "there are none".
 */
export class TokenWatch {
  /** By id; without those that are revoked. */
  #tokens = new Map<string, Known>();
  /** Null until the store was read once. */
  #everHad: boolean | null = null;
  #failure: RiskopsError | null = null;
  #reading: Promise<void> | null = null;
  #closed = false;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly store: StoreHandle,
    private readonly own: Buffer | null,
  ) {
    this.#timer = setInterval(() => void this.read(), LOOK_MS).unref();
    void this.read();
  }

  /** Whether the store has, or ever had, a token; null when that is not known. */
  get everHad(): boolean | null {
    return this.own === null ? this.#everHad : true;
  }

  /** Why the store cannot be read at the moment. */
  get failure(): RiskopsError | null {
    return this.#failure;
  }

  get usable(): number {
    return [...this.#tokens.values()].filter(({ expiresAt }) => expiresAt > Date.now()).length;
  }

  /** Whose token it is; null when it is none, is revoked or expired. */
  find(token: string): Identity | null {
    const digest = hash('sha256', token, 'buffer');
    if (this.own !== null && timingSafeEqual(digest, this.own)) return OWNER;
    const id = TOKEN_FORM.exec(token)?.[1];
    const known = id === undefined ? undefined : this.#tokens.get(id);
    const isSame = timingSafeEqual(digest, known?.secret ?? NOBODY);
    return known !== undefined && isSame && known.expiresAt > Date.now() ? known.identity : null;
  }

  /** Reads the store; never throws. */
  read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#reading;
  }

  /** The store; for a server that never saw its own, that of others with the reason why it is not believed to have no tokens. */
  async #found(): Promise<{ store: Store; strange: unknown }> {
    try {
      return { store: await this.store.store(), strange: null };
    } catch (error) {
      const store = await this.store.strange();
      if (store === null) throw error;
      return { store, strange: error };
    }
  }

  async #readOnce(): Promise<void> {
    if (this.#closed) return;
    try {
      const { store, strange } = await this.#found();
      const rows = await store.db.selectFrom('tokens').selectAll().execute();
      if (strange !== null && rows.length === 0) throw strange;
      this.#everHad = this.#everHad === true || rows.length > 0;
      this.#tokens = new Map(
        rows
          .filter(({ revoked_at, secret_sha256 }) => revoked_at === null && secret_sha256.length === 64)
          .map(({ token_id, name, role, secret_sha256, expires_at }) => [
            token_id,
            {
              secret: Buffer.from(secret_sha256, 'hex'),
              identity: { name, role, kind: 'token' },
              expiresAt: expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(expires_at),
            },
          ]),
      );
      this.#failure = null;
    } catch (error) {
      if (hasNoTokens(error)) this.#everHad ??= false;
      this.#failure = error instanceof RiskopsError ? error : unreadable(error);
    }
  }
}

/** Who started the server, for a check of it. */
const OWNER: Identity = { name: 'riskops', role: 'admin', kind: 'token' };

/** The schema version that brought tokens. */
const TOKENS_SINCE = 3;

/** There is no store yet, or one from before there were tokens; of one that is gone nobody knows. */
function hasNoTokens(error: unknown): boolean {
  if (!(error instanceof RiskopsError) || isLoss(error)) return false;
  const { version = TOKENS_SINCE } = (error.details ?? {}) as { version?: number };
  return error.code === 'STORE_NOT_FOUND' || (error.code === 'STORE_VERSION' && version < TOKENS_SINCE);
}

function unreadable(cause: unknown): RiskopsError {
  return new RiskopsError('STORE_IO', {
    what: 'The tokens cannot be read.',
    why: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}
