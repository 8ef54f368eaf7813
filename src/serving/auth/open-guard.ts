import { hash } from 'node:crypto';
import { RiskopsError } from '../../errors.js';
import type { StoreHandle } from '../store-handle.js';
import { createGuard, type Guard } from './guard.js';
import { type JwtOptions, openJwtCheck } from './jwt.js';
import { TokenWatch } from './token-watch.js';

export interface AuthOptions {
  /** Verifies JWTs as well as tokens of the store; null: tokens alone. */
  jwt?: JwtOptions | null;
  /** A secret of the one who starts the server, good for as long as it runs; at least 32 characters. */
  ownToken?: string;
}

const LEAST_CHARACTERS = 32;

/**
 * The guard of one server.
 * @throws RiskopsError OPTION_INVALID
 */
export async function openGuard(
  store: StoreHandle,
  { jwt = null, ownToken }: AuthOptions = {},
): Promise<Guard> {
  if (ownToken !== undefined && ownToken.length < LEAST_CHARACTERS)
    throw new RiskopsError('OPTION_INVALID', {
      what: `A token of your own must have at least ${LEAST_CHARACTERS} characters.`,
      fix: 'riskops token create --name NAME --role viewer, which makes a good one',
    });
  const check = jwt === null ? null : await openJwtCheck(jwt);
  const own = ownToken === undefined ? null : hash('sha256', ownToken, 'buffer');
  return createGuard(new TokenWatch(store, own), check);
}
