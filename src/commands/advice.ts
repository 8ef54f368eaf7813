import { catalogue, type ErrorCode, RiskopsError } from '../errors.js';

/** Runs `work`; an error of one of these codes gets the next step that helps in this command, where it only has the code's usual one. */
export async function withAdvice<T>(
  advice: Partial<Record<ErrorCode, string>>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    const { code, message, why, details } = error;
    const fix = advice[code];
    if (fix === undefined || error.fix !== catalogue[code].next) throw error;
    throw new RiskopsError(code, { what: message, why, fix, details, cause: error });
  }
}
