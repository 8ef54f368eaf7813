import { RiskopsError } from '../errors.js';
import type { PointerEntry } from '../registry/current.js';
import { noCurrentModel } from '../registry/no-current.js';
import { ModelSlot, type OnLoad } from './model-slot.js';
import { PointerWatch } from './pointer-watch.js';
import type { ServedModel } from './served-model.js';

export interface SlotsOptions {
  /** `current.json`. */
  currentModel: string;
  artifacts: string;
  /** The model of requests that name none; null: the only one in the pointer. */
  model: string | null;
  /** How long a request that came after a promotion waits for the new model, in milliseconds. */
  reloadWaitMs: number;
  onLoad?: OnLoad;
  /** Names that a model's rows may have besides its features. */
  beside?: (model: string) => readonly string[];
}

const CHECK_MS = 1_000;

/** The models that are served, each loaded when it is first asked for and swapped when the pointer changes. */
export class ModelSlots {
  readonly #watch: PointerWatch;
  readonly #slots = new Map<string, ModelSlot>();
  readonly #timer: NodeJS.Timeout;
  #looked = false;
  readonly #forget = () => {
    this.#looked = false;
  };

  constructor(private readonly options: SlotsOptions) {
    this.#watch = new PointerWatch(options.currentModel);
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref();
  }

  /**
   * The model that is current now. Called once a request, which then keeps what it got. A promise only when a new
   * version has to be waited for.
   * @throws RiskopsError NO_CURRENT_MODEL, MODEL_NOT_FOUND, MODEL_AMBIGUOUS, CURRENT_MODEL_LOAD_FAILED
   */
  current(asked?: string): ServedModel | Promise<ServedModel> {
    this.look();
    const slot = this.#slotOf(this.#chooseName(asked));
    return slot.isSettled && slot.served !== null ? slot.served : this.#settled(slot);
  }

  /**
   * Follows the pointer when its file changed. Requests that are taken from their sockets together share one look: each of them was
   * sent before it.
   */
  look(): void {
    if (this.#looked) return;
    this.#looked = true;
    setImmediate(this.#forget);
    if (this.#watch.look()) this.#follow();
  }

  /** What answers at this moment, without looking at any file; null when it is not loaded. */
  loaded(name: string): ServedModel | null {
    return this.#slots.get(name)?.served ?? null;
  }

  /** Why the pointer, or the version it names, is not what answers; null when all is well. */
  failure(name: string): RiskopsError | null {
    return this.#watch.failure ?? this.#slots.get(name)?.failure ?? null;
  }

  /** Failures of the pointer and of the models that a request without a name could mean. */
  failures(): RiskopsError[] {
    const found = this.defaultNames().map((name) => this.#slots.get(name)?.failure ?? null);
    return [this.#watch.failure, ...found].filter((failure) => failure !== null);
  }

  /** The models that the pointer names. */
  names(): string[] {
    return Object.keys(this.#watch.pointer?.models ?? {});
  }

  /** The models that a request without a name could mean: the default, else all. */
  defaultNames(): string[] {
    return this.options.model === null ? this.names() : [this.options.model];
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    this.#watch.read();
    this.#follow();
    for (const slot of this.#slots.values()) slot.retry();
  }

  /** Hands each slot what the pointer says now. */
  #follow(): void {
    const models = this.#watch.pointer?.models;
    for (const [name, slot] of this.#slots) {
      const entry = models?.[name];
      if (entry === undefined) this.#slots.delete(name);
      else slot.want(entry);
    }
  }

  #onlyName(): string | undefined {
    const names = this.names();
    return names.length === 1 ? names[0] : undefined;
  }

  #chooseName(asked: string | undefined): string {
    const name = asked?.normalize('NFC') ?? this.options.model ?? this.#onlyName();
    if (name !== undefined) return name;
    const known = this.names();
    if (known.length === 0) throw this.#noCurrent(undefined);
    throw new RiskopsError('MODEL_AMBIGUOUS', {
      what: 'Several models are served, and the request names none.',
      why: `There is: ${known.slice(0, 12).join(', ')}.`,
      fix: `POST /models/${known[0]}/predict`,
      details: { known },
    });
  }

  #slotOf(name: string): ModelSlot {
    const slot = this.#slots.get(name);
    if (slot !== undefined) return slot;
    const entry: PointerEntry | undefined = this.#watch.pointer?.models[name];
    if (entry === undefined) throw this.#noCurrent(name);
    const { artifacts, onLoad = () => {}, beside = () => [] } = this.options;
    const made = new ModelSlot(name, entry, artifacts, onLoad, beside(name));
    this.#slots.set(name, made);
    return made;
  }

  async #settled(slot: ModelSlot): Promise<ServedModel> {
    await slot.settle(this.options.reloadWaitMs);
    if (slot.served !== null) return slot.served;
    throw slot.failure ?? stillLoading(slot.name);
  }

  /** Nothing is promoted, or it was retired; but when the pointer cannot be read, that is not known. */
  #noCurrent(name: string | undefined): RiskopsError {
    const { failure } = this.#watch;
    if (failure !== null) {
      return new RiskopsError('CURRENT_MODEL_LOAD_FAILED', {
        what: failure.message,
        why: failure.why,
        fix: failure.fix,
        details: { code: failure.code },
        cause: failure,
      });
    }
    return noCurrentModel(this.#watch.pointer, name);
  }
}

function stillLoading(model: string): RiskopsError {
  return new RiskopsError('CURRENT_MODEL_LOAD_FAILED', {
    what: `The current version of model "${model}" is still being loaded.`,
    fix: 'the same request again, after a second',
    details: { model },
  });
}
