import { type ErrorCode, RiskopsError } from '../errors.js';

/** Runs `work`; an error of one of these codes gets the next step that helps in this command, in place of its own. */
export async function withAdvice<T>(
  advice: Partial<Record<ErrorCode, string>>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fix = error instanceof RiskopsError ? advice[error.code] : undefined;
    if (fix === undefined) throw error;
    const { code, message, why, details } = error as RiskopsError;
    throw new RiskopsError(code, { what: message, why, fix, details, cause: error });
  }
}
