import { isIP, isIPv4 } from 'node:net';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:[\]/\\@\s]+)(?::\d{1,5})?$/;
const REMEMBERED = 64;

/** Whether a name or an address always means this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
  );
}

/** What listens on all of the machine's addresses. */
export const isWildcard = (host: string): boolean => /^(0\.0\.0\.0|\[?::\]?)$/.test(host);

/** HOST_REFUSED, for a server that others could reach and that would ask nobody for a token. */
export function hostRefused(host: string): RiskopsError {
  return new RiskopsError('HOST_REFUSED', {
    what: `The server does not listen on ${printable(host, 80)}: it would be open to other machines.`,
    why: 'It has no token that is good and checks no JWT, so it listens on loopback (127.0.0.1) only.',
    fix: 'riskops token create --name NAME --role viewer',
  });
}

export interface HostRules {
  /** Names besides loopback, as a reverse proxy passes them on. */
  allowedHosts?: readonly string[];
  /** Where the server listens. */
  host?: string;
  /** Other sites whose pages may use the server: `https://app.example`. */
  origins?: readonly string[];
}

/** Checks the Host and Origin headers, on every method and before anything else. */
export interface HostCheck {
  /**
   * @param arrived the address of this machine at which the request arrived
   * @throws RiskopsError HOST_NOT_ALLOWED
   */
  check(host: string | undefined, origin: string | undefined, arrived?: string): void;
  /** Whether such a host was passed before; for a quick way that leaves anything else to `check`. */
  knows(host: string): boolean;
  /** Whether pages of this origin may read answers. */
  isShared(origin: string): boolean;
  /** Whether there is any such origin. */
  hasOrigins: boolean;
}

/**
 * A web page whose name was made to resolve to this machine (DNS rebinding) still sends its own name as Host, and a page of another
 * site its own Origin.
 * @throws RiskopsError OPTION_INVALID for an origin that is none
 */
export function createHostCheck({
  allowedHosts = [],
  host: bound = '127.0.0.1',
  origins = [],
}: HostRules): HostCheck {
  const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()));
  const own = asHost(bound.toLowerCase());
  const shared = new Set(origins.map(checkOrigin));
  const known = new Set<string>();

  const isAllowed = (authority: string, arrived: string | undefined): boolean => {
    if (known.has(authority)) return true;
    const name = nameOf(authority);
    if (name === undefined) return false;
    // An address is nobody's name: where a request came in by it, it is ours.
    const isBound = (name === own && !isWildcard(bound)) || isAddress(name, arrived);
    const isOurs = isLoopback(name) || allowed.has(name) || isBound;
    if (isOurs && known.size < REMEMBERED) known.add(authority);
    return isOurs;
  };

  /** The server's own pages: the same host and port, or one of the names of the proxy in front. */
  const isOwn = (origin: string, host: string | undefined): boolean => {
    const authority = /^https?:\/\/(.+)$/i.exec(origin)?.[1].toLowerCase();
    if (authority === undefined) return false;
    return authority === host?.toLowerCase() || allowed.has(nameOf(authority) ?? '');
  };

  return {
    check(host, origin, arrived) {
      if (host !== undefined && !isAllowed(host, arrived)) throw hostNotAllowed(host);
      if (origin === undefined || isOwn(origin, host) || shared.has(origin)) return;
      throw originNotAllowed(origin);
    },
    knows: (host) => known.has(host),
    isShared: (origin) => shared.has(origin),
    hasOrigins: shared.size > 0,
  };
}

function nameOf(authority: string): string | undefined {
  return AUTHORITY.exec(authority.toLowerCase())?.[1];
}

const asHost = (address: string) => (isIP(address) === 6 ? `[${address}]` : address);

/** Whether `name` is the address `arrived`; IPv4 may be written as IPv6. */
function isAddress(name: string, arrived: string | undefined): boolean {
  return arrived !== undefined && name === asHost(arrived.replace(/^::ffff:/, ''));
}

function checkOrigin(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.origin === given && !given.includes('*'))
    return given;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(given, 80)}" is not an origin.`,
    why: 'An origin is scheme, host and port and nothing more, in small letters; * would let every site in.',
    fix: 'riskops serve --origins https://app.example',
  });
}

/** A name that a shell takes as it stands. */
const PLAIN = /^[a-z0-9.:[\]-]{1,100}$/;

function hostNotAllowed(value: string): RiskopsError {
  const name = nameOf(value);
  return new RiskopsError('HOST_NOT_ALLOWED', {
    what: `The request's Host header does not name this machine: "${printable(value, 80)}".`,
    why: 'A page of another site may not use this server through a browser.',
    fix:
      name !== undefined && PLAIN.test(name)
        ? `if it is a name of this server: riskops serve --allowed-hosts ${name}`
        : undefined,
  });
}

function originNotAllowed(value: string): RiskopsError {
  const isOrigin = /^https?:\/\/[a-z0-9.:[\]-]{1,100}$/.test(value);
  return new RiskopsError('HOST_NOT_ALLOWED', {
    what: `The request's Origin header does not name this machine: "${printable(value, 80)}".`,
    why: 'A page of another site may not use this server through a browser.',
    fix: isOrigin ? `if it is a site of yours: riskops serve --origins ${value}` : undefined,
  });
}
