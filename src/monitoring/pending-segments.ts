import type { Segment } from './log-messages.js';
import { slotOf } from './prediction-ids.js';

interface OpenSegment {
  firstId: string;
  lastId: string;
  lines: string[];
}

/** Lines that wait to be written, gathered into segments of at most `maxRows` rows, each of one slot of time. */
export class PendingSegments {
  rows = 0;
  characters = 0;
  /** When the oldest line came, in milliseconds of `performance.now()`. */
  since = 0;
  #segments: OpenSegment[] = [];

  constructor(private readonly maxRows: number) {}

  add(id: string, line: string): void {
    if (this.rows === 0) this.since = performance.now();
    this.rows++;
    this.characters += line.length;
    const last = this.#segments.at(-1);
    if (last === undefined || last.lines.length >= this.maxRows || slotOf(last.firstId) !== slotOf(id)) {
      this.#segments.push({ firstId: id, lastId: id, lines: [line] });
      return;
    }
    if (id < last.firstId) last.firstId = id;
    if (id > last.lastId) last.lastId = id;
    last.lines.push(line);
  }

  /** The oldest segments, at most `count`; they wait here no longer. */
  take(count: number): Segment[] {
    const taken = this.#segments.splice(0, count).map(({ firstId, lastId, lines }): Segment => {
      this.rows -= lines.length;
      for (const line of lines) this.characters -= line.length;
      return { firstId, lastId, rows: lines.length, content: `${lines.join('\n')}\n` };
    });
    return taken;
  }
}
