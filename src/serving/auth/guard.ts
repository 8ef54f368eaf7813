import { RiskopsError } from '../../errors.js';
import { type Identity, isEnough, type Role } from './identity.js';
import { JWT_FORM, type JwtCheck } from './jwt.js';
import { createThrottle, type Throttle } from './throttle.js';
import type { TokenWatch } from './token-watch.js';

/** What the guard is asked; the headers as they came. */
export interface Asked {
  authorization: string | undefined;
  /** What the route needs. */
  role: Role;
  /** Where the connection comes from: failed logins are counted by it. No header is ever believed about that. */
  address?: string;
}

/** Who may do what. It knows headers and roles, and nothing of a framework. */
export interface Guard {
  /**
   * Who it is that asks. At once for tokens of the store, a promise for a JWT that was not seen before and until the store was read
   * for the first time.
   * @throws RiskopsError UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED; while nobody can tell who may come in: KEYS_UNAVAILABLE, or why the
   *   store cannot be read
   */
  check(asked: Asked): Identity | Promise<Identity>;
  /** The same question for a quick way: who it is when that is known at once, else null. Nothing is counted. */
  quick(asked: Pick<Asked, 'authorization' | 'role'>): Identity | null;
  /**
   * Whether somebody could come in, and nobody without a token: what a server needs that others can reach.
   * @throws RiskopsError why the store cannot be read
   */
  isLocked(): Promise<boolean>;
  close(): Promise<void>;
}

/** Nobody was asked: the server has no token and no JWT to check, and listens on loopback alone. */
const ANYBODY: Identity = { name: 'anonymous', role: 'admin', kind: 'open' };
/** Whoever asks for what is public, without a token. */
const STRANGER: Identity = { name: 'anonymous', role: 'public', kind: 'open' };

/** It says how the header was written, and nothing of any token. */
const NO_BEARER = 'The header Authorization does not have the form: Bearer TOKEN.';

const BEARER = /^bearer +(\S+) *$/i;

export function createGuard(tokens: TokenWatch, jwt: JwtCheck | null, throttle = createThrottle()): Guard {
  const isOpen = () => jwt === null && tokens.everHad === false;

  /** Who it is, as far as that is known at once. */
  const find = (credential: string): Identity | null =>
    tokens.find(credential) ??
    (jwt !== null && JWT_FORM.test(credential) ? jwt.remembered(credential) : null);

  const quick: Guard['quick'] = ({ authorization, role }) => {
    if (isOpen()) return ANYBODY;
    const credential = credentialOf(authorization);
    const identity = credential === undefined ? null : find(credential);
    if (role === 'public') return identity ?? STRANGER;
    return identity !== null && isEnough(identity.role, role) ? identity : null;
  };

  const check: Guard['check'] = (asked) => {
    if (isOpen()) return ANYBODY;
    if (asked.role === 'public') return quick(asked) ?? STRANGER;
    // What the store did not say yet is not taken for "anybody may".
    return tokens.everHad === null
      ? tokens.read().then(() => (isOpen() ? ANYBODY : decide(asked)))
      : decide(asked);
  };

  const decide: Guard['check'] = (asked) => {
    const { authorization, address } = asked;
    if (jwt === null && tokens.everHad === null)
      throw tokens.failure ?? unauthenticated('The tokens were not read yet.');
    if (authorization === undefined) throw unauthenticated('No token was sent.');
    const credential = credentialOf(authorization);
    const identity = credential === undefined ? null : find(credential);
    if (identity !== null) return allowed(identity, asked.role);
    // From here on it is a wrong token, or costs a signature to find out.
    refuseMany(throttle, address);
    if (credential === undefined) throw failed(throttle, address, tokens, NO_BEARER);
    if (jwt === null || !JWT_FORM.test(credential)) throw failed(throttle, address, tokens);
    return verify(jwt, credential, asked);
  };

  const verify = async (check: JwtCheck, credential: string, { role, address }: Asked): Promise<Identity> => {
    const identity = await check.verify(credential);
    if (identity === null) throw failed(throttle, address, tokens);
    return allowed(identity, role);
  };

  return {
    check,
    quick,
    async isLocked() {
      await tokens.read();
      if (jwt !== null) return true;
      if (tokens.everHad === null && tokens.failure !== null) throw tokens.failure;
      return tokens.usable > 0;
    },
    close: () => tokens.close(),
  };
}

function credentialOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}

function allowed(identity: Identity, needed: Role): Identity {
  if (isEnough(identity.role, needed)) return identity;
  throw new RiskopsError('FORBIDDEN', {
    what: `This needs the role ${needed}.`,
    why: `The token has the role ${identity.role}.`,
    fix: 'a token of that role: riskops token create',
    details: { needed, role: identity.role },
  });
}

function unauthenticated(why: string): RiskopsError {
  return new RiskopsError('UNAUTHENTICATED', {
    what: 'The server asks for a token.',
    why,
    fix: 'send Authorization: Bearer TOKEN; who runs the server makes one with riskops token create',
  });
}

/** A token that does not open, counted. */
function failed(
  throttle: Throttle,
  address: string | undefined,
  tokens: TokenWatch,
  why = 'The one that was sent is not known, was revoked or is expired.',
): RiskopsError {
  // While no token was ever read, a good one looks like a wrong one.
  if (tokens.everHad === null && tokens.failure !== null) return tokens.failure;
  throttle.fail(address);
  return unauthenticated(why);
}

function refuseMany(throttle: Throttle, address: string | undefined): void {
  const seconds = throttle.waitOf(address);
  if (seconds === 0) return;
  throw new RiskopsError('RATE_LIMITED', {
    what: 'Too many wrong tokens came from this address.',
    why: `The next one is looked at in ${seconds} s; a good one is taken at any time.`,
    fix: 'the same request with the right token',
    details: { retry_after_seconds: seconds },
  });
}
