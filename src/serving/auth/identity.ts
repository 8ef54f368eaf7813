import { TOKEN_ROLES, type TokenRole } from '../../registry/tokens.js';

/** What a route asks for: a role of a token, or nothing at all. */
export type Role = TokenRole | 'public';

/** Who sent a request. */
export interface Identity {
  /** As it stands in the history: the token's name, or a JWT's subject. */
  name: string;
  role: Role;
  /** `open`: nobody was asked. */
  kind: 'open' | 'token' | 'jwt';
}

const RANK: Record<Role, number> = {
  public: 0,
  ...(Object.fromEntries(TOKEN_ROLES.map((role, i) => [role, i + 1])) as Record<TokenRole, number>),
};

/** Whether somebody with `role` may do what asks for `needed`. */
export function isEnough(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/** The highest of the roles that `claimed` names; null when it names none. */
export function highestRole(claimed: unknown): TokenRole | null {
  const names: unknown[] = Array.isArray(claimed) ? claimed : [claimed];
  return TOKEN_ROLES.findLast((role) => names.includes(role)) ?? null;
}
