import type { Role } from './auth/identity.js';
import type { ServerContext } from './context.js';

/** What a quick way knows of a request: no Origin was sent, and neither header twice. */
export interface PlainHead {
  host: string | undefined;
  authorization: string | undefined;
}

/**
 * Whether a plain request may be answered at once, without the framework. False leaves it to the long way, which refuses it, counts
 * a wrong token and says why; so a host is passed here only after it was passed there.
 */
export function createAdmit(
  { hosts, guard, load, limits }: Pick<ServerContext, 'hosts' | 'guard' | 'load' | 'limits'>,
  role: Role,
): (head: PlainHead) => boolean {
  return ({ host, authorization }) =>
    host !== undefined &&
    hosts.knows(host) &&
    load.inFlight <= limits.inFlight &&
    guard.quick({ authorization, role }) !== null;
}
