import { hash } from 'node:crypto';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { highestRole, type Identity } from './identity.js';
import { openJwks } from './jwks.js';

export interface JwtOptions {
  /** The path of a JWKS file, or its URL. */
  jwks: string;
  /** What `aud` must be, or contain. */
  audience: string;
  /** What `iss` must be; null: it is not looked at. */
  issuer?: string | null;
  /** The claim with the role. */
  roleClaim?: string;
  /** How often a key that is not known is looked for at a URL; 10,000 ms. */
  cooldownMs?: number;
}

/** The verification of JWTs, by public keys alone. */
export interface JwtCheck {
  /** Who it is, when this very token was verified a moment ago. */
  remembered(token: string): Identity | null;
  /**
   * Whose token it is; null when it is not good.
   * @throws RiskopsError KEYS_UNAVAILABLE; FORBIDDEN when it is good and gives no role
   */
  verify(token: string): Promise<Identity | null>;
}

/** A shared secret would let everyone who can check a token make one, and `none` everyone else too. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const TOLERANCE_S = 5;
/** A key that was taken back is believed for so long at most. */
const REMEMBER_MS = 60_000;
const MOST_REMEMBERED = 1_000;
const SUBJECT = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;

/** Three parts of base64url; of another form nothing is a JWT. */
export const JWT_FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Prepares the check of JWTs.
 * @throws RiskopsError OPTION_INVALID
 */
export async function openJwtCheck({
  jwks,
  audience,
  issuer,
  roleClaim = 'riskops_role',
  cooldownMs,
}: JwtOptions): Promise<JwtCheck> {
  if (audience.trim() === '') throw noAudience();
  const jose = await import('jose');
  const keys = openJwks(jose, jwks, cooldownMs);
  const remembered = new Map<string, { identity: Identity; until: number }>();
  const keyOf = (token: string) => hash('sha256', token, 'base64');

  const remember = (token: string, identity: Identity, expires: number) => {
    if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
    remembered.set(keyOf(token), { identity, until: Math.min(expires * 1000, Date.now() + REMEMBER_MS) });
  };

  return {
    remembered(token) {
      const key = keyOf(token);
      const found = remembered.get(key);
      if (found === undefined) return null;
      if (found.until > Date.now()) return found.identity;
      remembered.delete(key);
      return null;
    },
    async verify(token) {
      try {
        const { payload } = await jose.jwtVerify(token, keys, {
          ...{ algorithms: ALGORITHMS, audience, issuer: issuer ?? undefined },
          ...{ clockTolerance: TOLERANCE_S, requiredClaims: ['exp', 'sub'] },
        });
        const { sub = '', exp = 0 } = payload;
        if (!SUBJECT.test(sub) || sub.trim() === '') return null;
        const role = Object.hasOwn(payload, roleClaim) ? highestRole(payload[roleClaim]) : null;
        if (role === null) throw noRole(roleClaim);
        const identity: Identity = { name: sub, role, kind: 'jwt' };
        remember(token, identity, exp);
        return identity;
      } catch (error) {
        if (error instanceof RiskopsError) throw error;
        if (isFaultOfKeys(error)) throw keysUnavailable(error);
        return null;
      }
    },
  };
}

/** Whatever is wrong with the token itself has a code of its own; the plain code is for the fetching of keys. */
function isFaultOfKeys(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    typeof code !== 'string' ||
    !code.startsWith('ERR_J') ||
    ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'].includes(code)
  );
}

function keysUnavailable(cause: unknown): RiskopsError {
  return new RiskopsError('KEYS_UNAVAILABLE', {
    what: 'The keys that JWTs are checked with cannot be read at the moment.',
    why: printable((cause as Error).message),
    fix: 'the same request again, after a second',
    cause,
  });
}

function noRole(claim: string): RiskopsError {
  return new RiskopsError('FORBIDDEN', {
    what: 'The JWT is good, and gives no role.',
    why: `Its claim ${printable(claim, 80)} must be viewer, logger, promoter or admin.`,
    fix: 'ask who makes your tokens for a role',
  });
}

function noAudience(): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: 'auth.jwks is set without auth.jwtAudience.',
    why: 'Any token that the same issuer made for another service would open this one.',
    fix: 'set auth.jwtAudience, or RISKOPS_JWT_AUDIENCE, to the name of this service',
  });
}
