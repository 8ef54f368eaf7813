import type { Writable } from 'node:stream';

/** Once the first answer has waited so long, what there is goes out with the next one. */
const LONGEST_MS = 1;

/** Answers that are written together. */
export interface Turn {
  /** Writes an answer at the end of this turn of the event loop; at once, when nobody else could have asked. */
  add(socket: Writable, text: string, encoding: BufferEncoding, isAlone: boolean): void;
  /** Writes at once what waits. */
  flush(): void;
}

/**
 * Collects the answers to all requests that one turn of the event loop brought, and writes them one after the other: the first write
 * wakes the clients, and the others find them awake, where a write after each request would wake them again and again.
 */
export function createTurn(longestMs = LONGEST_MS): Turn {
  let waiting: (() => void)[] = [];
  let since = 0;
  const flush = () => {
    const writes = waiting;
    waiting = [];
    for (const write of writes) write();
  };
  return {
    add(socket, text, encoding, isAlone) {
      if (isAlone) {
        flush();
        socket.write(text, encoding);
        return;
      }
      const now = performance.now();
      if (waiting.length === 0) {
        since = now;
        setImmediate(flush);
      }
      waiting.push(() => {
        if (!socket.destroyed) socket.write(text, encoding);
      });
      if (now - since > longestMs) flush();
    },
    flush,
  };
}
