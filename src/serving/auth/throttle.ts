import { isIPv6 } from 'node:net';

/** So many wrong tokens in a row are forgiven; after that one each `FORGIVE_MS`. */
const BURST = 10;
const FORGIVE_MS = 6_000;
const MOST_ADDRESSES = 10_000;

/** Counts failed logins by the address they came from, in bounded memory. */
export interface Throttle {
  /** Seconds until another wrong token is looked at; 0 when one is now. */
  waitOf(address: string | undefined): number;
  /** Notes a wrong token. */
  fail(address: string | undefined): void;
}

/** A household or a server has a whole /64 of IPv6 to itself. */
function keyOf(address = 'unknown'): string {
  if (!isIPv6(address) || address.startsWith('::')) return address;
  return `${address.split('::')[0].split(':').slice(0, 4).join(':')}::/64`;
}

/** A bucket an address: `emptyAt` is when all its failures are forgiven. @param now milliseconds of a clock that never goes back */
export function createThrottle(now: () => number = () => performance.now()): Throttle {
  const emptyAt = new Map<string, number>();
  const full = BURST * FORGIVE_MS;
  return {
    waitOf(address) {
      const over = (emptyAt.get(keyOf(address)) ?? 0) - now() + FORGIVE_MS - full;
      return over <= 0 ? 0 : Math.ceil(over / 1000);
    },
    fail(address) {
      const key = keyOf(address);
      const at = Math.max(emptyAt.get(key) ?? 0, now()) + FORGIVE_MS;
      // The end of the map has those that failed last; the oldest is forgotten first.
      emptyAt.delete(key);
      emptyAt.set(key, Math.min(at, now() + full));
      if (emptyAt.size > MOST_ADDRESSES) emptyAt.delete(emptyAt.keys().next().value as string);
    },
  };
}
