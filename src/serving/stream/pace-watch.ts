import type { Socket } from 'node:net';

/** Sees to it that a stream goes on. */
export interface PaceWatch {
  /** Something was read that is worth the wait: a whole row. */
  note(): void;
  /** While the server itself works or waits for its disk, the client is not to blame. */
  during<T>(work: Promise<T>): Promise<T>;
  end(): void;
}

const LOOKS = 4;

/**
 * Cuts the connection off when for `stallMs` neither a row came in nor anything went out: a whole stream may take hours, and a client
 * that holds it open may not.
 */
export function watchPace(socket: Socket, stallMs: number): PaceWatch {
  let last = performance.now();
  let sent = -1;
  let working = false;
  const timer = setInterval(() => {
    const now = performance.now();
    const gone = socket.bytesWritten - socket.writableLength;
    if (working || gone !== sent) last = now;
    sent = gone;
    if (now - last >= stallMs) socket.destroy();
  }, stallMs / LOOKS).unref();
  return {
    note() {
      last = performance.now();
    },
    async during(work) {
      working = true;
      try {
        return await work;
      } finally {
        working = false;
        last = performance.now();
      }
    },
    end: () => clearInterval(timer),
  };
}
