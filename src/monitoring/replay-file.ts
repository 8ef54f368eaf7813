import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { RiskopsError } from '../errors.js';
import { toJson } from '../util/json.js';
import type { ReplayedRow } from './replay-traffic.js';

/** A file that gets the rows of a replay; it takes its name when it is whole. */
export interface ReplayFile {
  write(rows: readonly ReplayedRow[]): void;
  /** Puts it in its place. */
  close(): void;
  /** Removes what was not closed. */
  drop(): void;
}

function lineOf({ logged, answer, outcome }: ReplayedRow): string {
  const { id, at, version, prediction, class: called, probabilities } = logged;
  const given = { version, prediction, class: called, ...(probabilities && { probabilities }) };
  return `${toJson({ id, at, logged: given, replayed: answer, ...(outcome && { outcome: outcome.value }) })}\n`;
}

function cannotWrite(path: string, error: unknown): RiskopsError {
  return new RiskopsError('STORE_IO', {
    what: `${path} cannot be written.`,
    why: (error as Error).message,
    fix: '--out FILE in a folder that is there',
    cause: error,
  });
}

/** @throws RiskopsError STORE_IO, and each of its functions too */
export function openReplayFile(path: string): ReplayFile {
  const unfinished = `${path}.${process.pid}.part`;
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw cannotWrite(path, error);
    }
  };
  let file: number | null = guard(() => openSync(unfinished, 'wx', 0o600));
  return {
    write: (rows) =>
      guard(() => {
        const bytes = Buffer.from(rows.map(lineOf).join(''));
        for (let at = 0; at < bytes.length; ) at += writeSync(file!, bytes, at);
      }),
    close: () =>
      guard(() => {
        fsyncSync(file!);
        closeSync(file!);
        file = null;
        renameSync(unfinished, path);
      }),
    drop() {
      if (file !== null) closeSync(file);
      file = null;
      rmSync(unfinished, { force: true });
    },
  };
}
