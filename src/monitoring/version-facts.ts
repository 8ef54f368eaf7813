import type { Signature } from '../datasets/signature.js';
import type { ClassValue, TargetTask } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { Store } from '../storage/store.js';

/** What a version says about its answers. */
export interface VersionFacts {
  version: number;
  task: TargetTask;
  target: string;
  /** Null for a regression. */
  classes: ClassValue[] | null;
  /** The names of its features, in the order of a row that is an array. */
  features: string[];
  signature: Signature;
  /** What was measured on its held-out rows. */
  metrics: Record<string, number>;
}

/** Reads what versions say, each once. A version whose file is gone or damaged says nothing. */
export class VersionFactsReader {
  readonly #found = new Map<string, Promise<VersionFacts | null>>();
  readonly #newest = new Map<string, Promise<VersionFacts | null>>();

  constructor(private readonly store: Store) {}

  of(model: string, version: number): Promise<VersionFacts | null> {
    const key = JSON.stringify([model, version]);
    const found = this.#found.get(key) ?? this.#read(model, version);
    this.#found.set(key, found);
    return found;
  }

  /** Of the current version, or of the newest one where none is current; null for a model that is not on record, too. */
  ofModel(model: string): Promise<VersionFacts | null> {
    const found = this.#newest.get(model) ?? this.#readNewest(model);
    this.#newest.set(model, found);
    return found;
  }

  /** Whether the store knows a model of this name. */
  async isOnRecord(model: string): Promise<boolean> {
    const found = await this.store.db
      .selectFrom('models')
      .select('name')
      .where('name', '=', model)
      .executeTakeFirst();
    return found !== undefined;
  }

  async #readNewest(model: string): Promise<VersionFacts | null> {
    const { db } = this.store;
    const current = await db
      .selectFrom('current_versions')
      .select('version')
      .where('model', '=', model)
      .executeTakeFirst();
    const newest =
      current ??
      (await db
        .selectFrom('versions')
        .select('version')
        .where('model', '=', model)
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst());
    return newest === undefined ? null : this.of(model, newest.version);
  }

  async #read(model: string, version: number): Promise<VersionFacts | null> {
    const row = await this.store.db
      .selectFrom('versions')
      .select(['path', 'sha256'])
      .where('model', '=', model)
      .where('version', '=', version)
      .executeTakeFirst();
    if (row === undefined) return null;
    try {
      const { header } = await readModelFile(this.store.blobs.path(row.path), { sha256: row.sha256 });
      const { task, signature, classes, metrics } = header;
      const features = signature.features.map(({ name }) => name);
      return { version, task, target: signature.target.name, classes, features, signature, metrics };
    } catch (error) {
      if (error instanceof RiskopsError) return null;
      throw error;
    }
  }
}
