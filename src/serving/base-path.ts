import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

const PATH = /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}){1,8}$/;

/**
 * What every route's path begins with: `/api`, or nothing.
 * @throws RiskopsError OPTION_INVALID
 */
export function checkBasePath(given: string | null | undefined): string {
  if (given === null || given === undefined || given === '/') return '';
  if (PATH.test(given)) return given;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(given, 80)}" is not a base path.`,
    why: 'It begins with / and has names of letters and digits with . _ ~ - between slashes, none at its end.',
    fix: 'riskops serve --base-path /api',
  });
}
