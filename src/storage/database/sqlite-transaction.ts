import { RiskopsError } from '../../errors.js';

/** Rounds of the microtask queue without a query: a query takes about forty, a millisecond holds thousands. */
const IDLE_ROUNDS = 10_000;

/**
 * Waits for the work of a transaction without letting the event loop turn: its queries are synchronous below their
 * promises, so honest work needs microtasks alone. While these rounds run no timer, socket or file callback can;
 * work that waits for one would hold every other process's writes, and is refused the same way each time.
 * @param queries counts the transaction's queries so far
 * @throws INTERNAL_ERROR when the work waits for anything else
 */
export async function settleWithoutTurning<T>(work: Promise<T>, queries: () => number): Promise<T> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  work.then(note, note);
  let seen = queries();
  for (let idle = 0; !settled; idle++) {
    if (idle > IDLE_ROUNDS) throw foreignAwait();
    await undefined;
    if (queries() === seen) continue;
    seen = queries();
    idle = 0;
  }
  return work;
}

function foreignAwait(): RiskopsError {
  return new RiskopsError('INTERNAL_ERROR', {
    what: 'a write transaction awaited something other than its own queries',
    why: 'it held the write lock while it waited, so it was rolled back and nothing of it was kept',
    fix: 'await files, timers, the network and other writes before store.write, not inside it',
  });
}
