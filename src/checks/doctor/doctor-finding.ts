import { RiskopsError } from '../../errors.js';
import type { Finding } from './check.js';

/** An error as a finding: what and why on one line, and what helps. */
export function findingOf(error: unknown): Omit<Finding, 'check'> {
  if (error instanceof RiskopsError) {
    return {
      severity: 'error',
      message: [error.message.replace(/\.?$/, '.'), error.why].filter(Boolean).join(' '),
      remedy: error.fix,
    };
  }
  return {
    severity: 'error',
    message: `The check failed: ${error instanceof Error ? error.message : String(error)}`,
  };
}
