import type { Setting } from '../../settings.js';

export const authSettings: readonly Setting[] = [
  {
    key: 'jwks',
    config: 'auth.jwks',
    env: 'RISKOPS_JWKS',
    kind: 'text',
    default: null,
    description: 'the public keys that JWTs are checked with: a JWKS file, or its https URL',
  },
  {
    key: 'jwtAudience',
    config: 'auth.jwtAudience',
    env: 'RISKOPS_JWT_AUDIENCE',
    kind: 'text',
    default: null,
    description: 'whom a JWT must be made for (aud); needed with auth.jwks',
  },
  {
    key: 'jwtIssuer',
    config: 'auth.jwtIssuer',
    env: 'RISKOPS_JWT_ISSUER',
    kind: 'text',
    default: null,
    description: 'who must have made a JWT (iss); not checked when not set',
  },
  {
    key: 'jwtRoleClaim',
    config: 'auth.jwtRoleClaim',
    env: 'RISKOPS_JWT_ROLE_CLAIM',
    kind: 'text',
    default: 'riskops_role',
    description:
      'the claim of a JWT that says the role: viewer, logger, promoter or admin, or a list of them',
  },
];
