/** A row of `prediction_segments` on its way: lines of JSON, one prediction each. */
export interface Segment {
  /** The smallest and the largest id in it. */
  firstId: string;
  lastId: string;
  rows: number;
  content: string;
}

/** What the log sends to its thread. One batch is under way at a time. */
export type ToWorker = { kind: 'write'; batch: number; segments: Segment[] } | { kind: 'close' };

/** What the thread answers: a batch is on disk, or why it is not yet (it goes on trying). */
export type FromWorker = { kind: 'written'; batch: number } | { kind: 'trouble'; reason: string };
