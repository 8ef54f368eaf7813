import type { Server } from 'node:http';

const LOOK_MS = 50;
/** With nothing in flight for so long, what is still open is idle. */
const QUIET_MS = 250;

/** Counts the requests in flight. */
export function countLoad(server: Server, load: { inFlight: number }): void {
  server.on('request', (_request, response) => {
    load.inFlight++;
    response.once('close', () => {
      load.inFlight--;
    });
  });
}

/**
 * On `begin` closes connections as they fall idle, all of them after `drainMs`: a kept-alive connection, or one that never
 * says anything, would else hold a stopping server for minutes.
 */
export function createDrain(
  server: Server,
  load: { readonly inFlight: number },
  drainMs: number,
): { begin(): () => void } {
  return {
    begin() {
      const begun = performance.now();
      let quietSince = begun;
      const timer = setInterval(() => {
        const now = performance.now();
        if (load.inFlight > 0) quietSince = now;
        const isOver = now - begun >= drainMs || now - quietSince >= QUIET_MS;
        if (isOver) server.closeAllConnections();
        else server.closeIdleConnections();
      }, LOOK_MS);
      return () => clearInterval(timer);
    },
  };
}
