import { randomBytes } from 'node:crypto';
import { RiskopsError } from '../errors.js';
import type { TokensTable } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { isDay, momentText, spanMs } from '../tracking/search/moments.js';
import { sha256 } from '../util/files.js';
import { printable, suggestWord } from '../util/text.js';
import { actorText } from './record-text.js';

/** What a token allows, in rising order: each role may do what those before it may. */
export const TOKEN_ROLES = ['viewer', 'logger', 'promoter', 'admin'] as const;

export type TokenRole = (typeof TOKEN_ROLES)[number];

/** A token as it is kept and shown: whatever opens the server is not in it. */
export interface TokenRecord extends Omit<TokensTable, 'secret_sha256'> {
  state: 'usable' | 'expired' | 'revoked';
}

/** `rko_`, the id, `_`, 32 random bytes as base64url. Of another form nothing is a token. */
export const TOKEN_FORM = /^rko_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@-]{0,63}$/u;
const SPAN = /^([1-9]\d{0,4})([hdw])$/;

export interface NewToken {
  /** Stands in the history as who did it. */
  name: string;
  role: string;
  /** `90d` (h, d, w), a day, which it still lasts, or a time with its zone; never when left out. */
  expires?: string;
  actor: string;
}

/** The columns that are shown. */
const SHOWN = [
  'token_id',
  'name',
  'role',
  'created_at',
  'created_by',
  'expires_at',
  'revoked_at',
  'revoked_by',
] as const;

function withState(row: Omit<TokenRecord, 'state'>): TokenRecord {
  const isOver = row.expires_at !== null && row.expires_at <= new Date().toISOString();
  return { ...row, state: row.revoked_at !== null ? 'revoked' : isOver ? 'expired' : 'usable' };
}

/**
 * Makes a token. The secret is in the answer and nowhere else: the store keeps its SHA-256, which is enough for 256 random bits.
 * @throws RiskopsError OPTION_INVALID, TOKEN_EXISTS
 */
export async function createToken(
  store: Store,
  { name: givenName, role, expires, actor }: NewToken,
): Promise<TokenRecord & { token: string }> {
  const name = checkName(givenName);
  const expires_at = expires === undefined ? null : expiryOf(expires);
  const token_id = randomBytes(8).toString('hex');
  const token = `rko_${token_id}_${randomBytes(32).toString('base64url')}`;
  const row = {
    ...{
      token_id,
      name,
      role: checkRole(role),
      created_at: new Date().toISOString(),
      created_by: actorText(actor),
    },
    ...{ expires_at, revoked_at: null, revoked_by: null },
  };
  await store.write(async (transaction) => {
    const other = await transaction
      .selectFrom('tokens')
      .select('token_id')
      .where('name', '=', name)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (other !== undefined) throw nameTaken(name);
    await transaction
      .insertInto('tokens')
      .values({ ...row, secret_sha256: sha256(token) })
      .execute();
  });
  return { ...withState(row), token };
}

/** All tokens there ever were, oldest first. */
export async function listTokens(store: Store): Promise<TokenRecord[]> {
  const rows = await store.db
    .selectFrom('tokens')
    .select(SHOWN)
    .orderBy('created_at')
    .orderBy('token_id')
    .execute();
  return rows.map(withState);
}

/**
 * Ends a token for good; its row stays, so that the history knows whose it was.
 * @returns `changed` is false when it was revoked already
 * @throws RiskopsError TOKEN_NOT_FOUND, OPTION_INVALID
 */
export async function revokeToken(
  store: Store,
  { name: givenName, actor }: { name: string; actor: string },
): Promise<TokenRecord & { changed: boolean }> {
  const name = givenName.normalize('NFC');
  const by = actorText(actor);
  return store.write(async (transaction) => {
    const all = await transaction
      .selectFrom('tokens')
      .select(SHOWN)
      .where('name', '=', name)
      .orderBy('created_at')
      .execute();
    const found = all.find(({ revoked_at }) => revoked_at === null) ?? all.at(-1);
    if (found === undefined) {
      const known = await transaction
        .selectFrom('tokens')
        .select('name')
        .distinct()
        .orderBy('name')
        .execute();
      throw notFound(
        name,
        known.map((row) => row.name),
      );
    }
    if (found.revoked_at !== null) return { ...withState(found), changed: false };
    const revoked = { revoked_at: new Date().toISOString(), revoked_by: by };
    await transaction.updateTable('tokens').set(revoked).where('token_id', '=', found.token_id).execute();
    return { ...withState({ ...found, ...revoked }), changed: true };
  });
}

function checkName(given: string): string {
  const name = given.normalize('NFC');
  if (NAME.test(name)) return name;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(given, 80)}" cannot be a token's name.`,
    why: 'A name has up to 64 letters and digits, with . _ @ - after the first.',
    fix: 'riskops token create --name ci --role viewer',
  });
}

function checkRole(given: string): TokenRole {
  const role = TOKEN_ROLES.find((known) => known === given);
  if (role !== undefined) return role;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(given, 80)}" is not a role.`,
    why: suggestWord(given, TOKEN_ROLES),
    fix: 'riskops token create --help',
  });
}

const DAY_MS = 24 * 60 * 60_000;

/** When it ends, as records have it; a day alone is still one on which it is good. */
function expiryOf(given: string): string {
  const [, amount, unit] = SPAN.exec(given) ?? [];
  const moment = momentText(given);
  const at =
    amount !== undefined
      ? Date.now() + spanMs(Number(amount), unit)
      : moment === undefined
        ? Number.NaN
        : Date.parse(moment) + (isDay(given) ? DAY_MS : 0);
  if (at > Date.now() && at < Date.UTC(10_000, 0)) return new Date(at).toISOString();
  throw new RiskopsError('OPTION_INVALID', {
    what: `A token cannot expire at "${printable(given, 40)}".`,
    why:
      at <= Date.now()
        ? 'That is over.'
        : 'It is a span of hours, days or weeks (12h, 90d, 4w), a day, or a time with its zone.',
    fix: 'riskops token create --name ci --role viewer --expires 90d',
  });
}

function nameTaken(name: string): RiskopsError {
  return new RiskopsError('TOKEN_EXISTS', {
    what: `There is a token called ${name}.`,
    why: 'A name is one token at a time, so that the history can be read.',
    fix: `riskops token revoke ${name}, or another --name`,
    details: { name },
  });
}

function notFound(name: string, known: readonly string[]): RiskopsError {
  return new RiskopsError('TOKEN_NOT_FOUND', {
    what: `There is no token called "${printable(name, 80)}".`,
    why: known.length === 0 ? 'None was made yet.' : suggestWord(name, known),
  });
}
