import type { Server } from 'node:http';

const LOOK_MS = 50;
/** With nothing in flight for so long, what is still open is idle. */
const QUIET_MS = 250;

/**
 * Counts requests in flight, and on `begin` closes connections as they fall idle, all of them after `drainMs`: a
 * kept-alive connection, or one that never says anything, would else hold a stopping server for minutes.
 */
export function createDrain(server: Server, drainMs: number): { begin(): () => void } {
  let inFlight = 0;
  server.on('request', (_request, response) => {
    inFlight++;
    response.once('close', () => {
      inFlight--;
    });
  });
  return {
    begin() {
      const begun = performance.now();
      let quietSince = begun;
      const timer = setInterval(() => {
        const now = performance.now();
        if (inFlight > 0) quietSince = now;
        const isOver = now - begun >= drainMs || now - quietSince >= QUIET_MS;
        if (isOver) server.closeAllConnections();
        else server.closeIdleConnections();
      }, LOOK_MS);
      return () => clearInterval(timer);
    },
  };
}
