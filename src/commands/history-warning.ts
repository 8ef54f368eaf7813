import { verifyChain } from '../registry/audit.js';
import type { Store } from '../storage/store.js';
import type { Output } from './output.js';

/** A history that does not hold is written on to, since a roll-back at night must not wait, but never without a word. */
export async function warnOfBrokenHistory(store: Store, output: Output): Promise<void> {
  const { broken } = await verifyChain(store);
  if (broken === null) return;
  output.talk(
    `Warning: the history is broken at row ${broken.sequence}: ${broken.why}. Look at it: riskops audit verify`,
  );
}
