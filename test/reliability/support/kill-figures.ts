import type { KilledProcess } from './killed-process.js';
import { findSound } from './sound-store.js';

export interface KillOptions {
  rounds: number;
  /** Decides the moments; print it, so that a failure can be had again. */
  seed: number;
  /** The built `child.ts`. */
  child: string;
}

export interface KillFigures {
  rounds: number;
  /** Rounds in which the process was still at work. */
  killed: number;
  /** What the killed processes had said was done; all of it was found. */
  acknowledged: number;
  /** Rounds that left current.json one promotion behind, to be mended by the next writer. */
  pointersBehind: number;
  /** Rounds that left a file under a temporary name. */
  unfinished: number;
  /** For a migration: rounds that found the old version, and those that found the new one. */
  before?: number;
  after?: number;
}

export function noFigures(): KillFigures {
  return { rounds: 0, killed: 0, acknowledged: 0, pointersBehind: 0, unfinished: 0 };
}

export async function countRound(
  figures: KillFigures,
  folder: string,
  { wasKilled }: KilledProcess,
): Promise<void> {
  figures.rounds++;
  if (wasKilled) figures.killed++;
  if ((await findSound(folder)).isPointerBehind) figures.pointersBehind++;
}
