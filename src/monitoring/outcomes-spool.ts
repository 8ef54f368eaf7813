import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../storage/io-errors.js';
import type { NewOutcome } from './outcome-writes.js';

interface Block {
  at: number;
  bytes: number;
}

/**
 * Outcomes that were checked and wait to be written, on disk: as much memory as a block takes, however many there are.
 * The file has no name once it is open, so that nothing of it stays behind when the process is killed.
 */
export class OutcomesSpool {
  readonly #blocks: Block[] = [];
  #end = 0;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly isNamed: boolean,
  ) {}

  /** @throws RiskopsError STORE_IO */
  static async open(folder: string): Promise<OutcomesSpool> {
    const path = join(folder, `outcomes-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
    try {
      const handle = await open(path, 'wx+', 0o600);
      // Where an open file keeps its name, it goes when it is closed.
      const isNamed = await unlink(path).then(
        () => false,
        () => true,
      );
      return new OutcomesSpool(path, handle, isNamed);
    } catch (error) {
      throw explainFileError(error, path);
    }
  }

  /** @throws RiskopsError STORE_IO */
  async add(outcomes: readonly NewOutcome[]): Promise<void> {
    const rows = outcomes.map((one) => [
      ...[one.model, one.prediction_id, one.entity, one.value_json, one.observed_at],
    ]);
    const content = Buffer.from(JSON.stringify(rows));
    try {
      await this.handle.writeFile(content);
    } catch (error) {
      throw explainFileError(error, this.path);
    }
    this.#blocks.push({ at: this.#end, bytes: content.length });
    this.#end += content.length;
  }

  /** What each `add` brought, in its order. */
  async *blocks(): AsyncGenerator<NewOutcome[]> {
    for (const { at, bytes } of this.#blocks) {
      const { buffer } = await this.handle
        .read(Buffer.alloc(bytes), 0, bytes, at)
        .catch((error: unknown) => Promise.reject(explainFileError(error, this.path)));
      const rows: [string | null, string | null, string | null, string, string | null][] = JSON.parse(
        buffer.toString('utf8'),
      );
      yield rows.map(([model, prediction_id, entity, value_json, observed_at]) => ({
        ...{ model, prediction_id, entity, value_json, observed_at },
      }));
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
    if (this.isNamed) await unlink(this.path).catch(() => {});
  }
}
