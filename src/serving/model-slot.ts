import { join } from 'node:path';
import { RiskopsError } from '../errors.js';
import type { PointerEntry } from '../registry/current.js';
import { reasonOf } from './answer-error.js';
import { isSameStamp, stampOf } from './pointer-watch.js';
import { loadServedModel, type ServedModel } from './served-model.js';

type FileStamp = ReturnType<typeof stampOf>;

/** Told when a load ends: `failure` is null when the version answers now. */
export type OnLoad = (model: string, version: number, failure: RiskopsError | null) => void;

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * One served model. A new version is read and proved aside, by one load at a time, and then put in place; when it
 * fails, the version before it goes on.
 */
export class ModelSlot {
  /** What answers; a request takes it once and keeps it to its end. */
  served: ServedModel | null = null;
  /** Why the version that the pointer names is not the one that answers. */
  failure: RiskopsError | null = null;
  /** Each change of the pointer is a turn; `#settled` is the last one that was loaded, or failed. */
  #turn = 1;
  #settled = 0;
  #loading: Promise<void> | null = null;
  #failedFile: FileStamp = null;
  #retryAt = 0;
  #retryMs = FIRST_RETRY_MS;

  constructor(
    readonly name: string,
    private wanted: PointerEntry,
    private readonly artifacts: string,
    private readonly onLoad: OnLoad,
    private readonly beside: readonly string[] = [],
  ) {}

  /** The pointer names this version now. */
  want(entry: PointerEntry): void {
    const { version, promotion_id, sha256, path } = this.wanted;
    const isSame = entry.promotion_id === promotion_id && entry.sha256 === sha256 && entry.path === path;
    if (isSame && entry.version === version) return;
    this.wanted = entry;
    this.#turn++;
  }

  /** Whether the pointer's version was loaded, or was tried and failed. */
  get isSettled(): boolean {
    return this.#settled === this.#turn;
  }

  /** Resolves when what the pointer named at the call is settled, or something newer is, or `waitMs` are over. */
  async settle(waitMs: number): Promise<void> {
    const turn = this.#turn;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<'over'>((resolve) => {
      timer = setTimeout(() => resolve('over'), waitMs);
    });
    try {
      while (this.#settled < turn) {
        if ((await Promise.race([this.#load(), limit])) === 'over') return;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Once a second: a load that failed is tried again when its file changed, or after a while; nobody waits for it. */
  retry(): void {
    if (!this.isSettled) void this.#load();
    else if (this.failure !== null && (performance.now() >= this.#retryAt || this.#fileChanged()))
      void this.#load();
  }

  #load(): Promise<void> {
    this.#loading ??= this.#loadWanted().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadWanted(): Promise<void> {
    const turn = this.#turn;
    const entry = this.wanted;
    const file = this.#file(entry);
    const stamp = safeStamp(file);
    try {
      this.served = await loadServedModel(this.name, entry, file, this.beside);
      this.failure = null;
      this.#retryMs = FIRST_RETRY_MS;
      this.onLoad(this.name, entry.version, null);
    } catch (error) {
      this.#failedFile = stamp;
      this.#retryMs = this.#settled === turn ? Math.min(this.#retryMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS;
      this.#retryAt = performance.now() + this.#retryMs;
      this.failure = loadFailed(this.name, entry, error);
      this.onLoad(this.name, entry.version, this.failure);
    }
    this.#settled = turn;
  }

  #file(entry: PointerEntry): string {
    return join(this.artifacts, ...entry.path.split('/'));
  }

  #fileChanged(): boolean {
    return !isSameStamp(safeStamp(this.#file(this.wanted)), this.#failedFile);
  }
}

function safeStamp(path: string): FileStamp {
  try {
    return stampOf(path);
  } catch {
    return null;
  }
}

function loadFailed(model: string, entry: PointerEntry, cause: unknown): RiskopsError {
  const reason = cause instanceof RiskopsError ? reasonOf(cause) : (cause as Error).message;
  return new RiskopsError('CURRENT_MODEL_LOAD_FAILED', {
    what: `Version ${entry.version} of model "${model}" is current and cannot be loaded.`,
    why: reason,
    fix: 'riskops doctor, then promote a sound version or: riskops rollback',
    details: {
      model,
      version: entry.version,
      ...(cause instanceof RiskopsError ? { code: cause.code } : {}),
    },
    cause,
  });
}
