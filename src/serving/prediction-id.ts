import { randomUUID } from 'node:crypto';

/** Places of the counter: 12 bits. */
const MOST_IN_MS = 0x1000;

/**
 * Makes ids of version 7 (RFC 9562, 6.2 method 1): 48 bits of time in milliseconds, a counter of 12 bits within the millisecond, 62 random
 * bits. The ids of one maker grow. When a millisecond is used up, or the clock goes back, the time in them runs ahead.
 */
export function createPredictionIds(): () => string {
  let last = 0;
  let count = 0;
  let head = '';
  return () => {
    const now = Date.now();
    if (now > last) {
      last = now;
      count = 0;
      head = headOf(last);
    } else if (++count === MOST_IN_MS) {
      last++;
      count = 0;
      head = headOf(last);
    }
    return head + count.toString(16).padStart(3, '0') + randomUUID().slice(18);
  };
}

/** `0190b6f2-5a3c-7`: what is the same for all ids of a millisecond. */
function headOf(milliseconds: number): string {
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
}
