import { type ErrorCode, RiskopsError } from '../errors.js';

/** The store is there, or will be again; it cannot be had now, or not by this riskops. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  ...(['STORE_IO', 'STORE_BUSY', 'STORE_DAMAGED', 'STORE_VERSION'] as const),
  'DATABASE_MODULE_UNUSABLE',
]);

/** Whether an error says that the store is away, and not that what was to be written is wrong. */
export function isAway(error: unknown): boolean {
  return error instanceof RiskopsError && AWAY.has(error.code);
}
