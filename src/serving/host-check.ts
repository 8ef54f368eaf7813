import { isIPv4 } from 'node:net';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:[\]/\\@\s]+)(?::\d{1,5})?$/;
const REMEMBERED = 64;

/** Whether a name or an address always means this machine. */
function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
  );
}

/**
 * Refuses to listen where other machines could reach a server that asks nobody for a token.
 * @throws RiskopsError HOST_REFUSED
 */
export function checkListenHost(host: string): void {
  if (isLoopback(host)) return;
  throw new RiskopsError('HOST_REFUSED', {
    what: `The server does not listen on ${printable(host, 80)}: it would be open to other machines.`,
    why: 'It has no access tokens yet, so it listens on loopback only.',
    fix: 'riskops serve --host 127.0.0.1, behind a reverse proxy that asks for a login, or reached by: ssh -L 8000:127.0.0.1:8000 HOST',
  });
}

/**
 * Checks the Host and Origin headers of requests. A web page whose name was made to resolve to this machine (DNS
 * rebinding) still sends its own name. `allowedHosts` are names that a reverse proxy passes on.
 */
export function createHostCheck(
  allowedHosts: readonly string[] = [],
): (host?: string, origin?: string) => void {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const known = new Set<string>();

  const isAllowed = (authority: string): boolean => {
    if (known.has(authority)) return true;
    const name = AUTHORITY.exec(authority.toLowerCase())?.[1];
    if (name === undefined || !(isLoopback(name) || allowed.has(name))) return false;
    if (known.size < REMEMBERED) known.add(authority);
    return true;
  };

  return (host, origin) => {
    if (host !== undefined && !isAllowed(host)) throw refused('Host', host);
    if (origin !== undefined && !isAllowed(origin.replace(/^https?:\/\//i, '')))
      throw refused('Origin', origin);
  };
}

function refused(header: string, value: string): RiskopsError {
  return new RiskopsError('HOST_NOT_ALLOWED', {
    what: `The request's ${header} header does not name this machine: "${printable(value, 80)}".`,
    why: 'A page of another site may not use this server through a browser.',
  });
}
