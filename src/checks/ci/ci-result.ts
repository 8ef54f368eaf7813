import { catalogue, type ErrorCode, EXIT, RiskopsError } from '../../errors.js';
import { codeOf } from '../../storage/io-errors.js';
import { printable } from '../../util/text.js';

/**
 * How a step ended. `fail` is a verdict: what was checked is not as it should be. `error` is none: the step could not
 * be carried out, so it says nothing about what it was to check.
 */
export type CiStatus = 'pass' | 'fail' | 'undecided' | 'error' | 'skip';

export interface CiOutcome {
  status: CiStatus;
  /** What was seen, one line. */
  message: string;
  /** What more there is to read: a gate report, the end of a script's output. */
  lines?: string[];
  /** The file it is about, absolute. */
  file?: string;
  /** The catalogue's code, where an error was the reason. */
  code?: ErrorCode;
}

export interface CiResult extends CiOutcome {
  name: string;
  ms: number;
}

export interface CiReport {
  ok: boolean;
  exit_code: number;
  steps: CiResult[];
}

/** An error of a step: exit codes from 70 on are faults of the machine or of riskops, those below are findings. */
export function outcomeOf(error: unknown): CiOutcome {
  if (error instanceof RiskopsError) {
    const message = [sentence(error.message), error.why && sentence(error.why)].filter(Boolean).join(' ');
    const status = error.exitCode >= EXIT.FAULT ? 'error' : 'fail';
    return { status, code: error.code, message, lines: [`Try: ${error.fix}`] };
  }
  const ofSystem = /^E[A-Z]+$/.test(codeOf(error));
  const message = error instanceof Error ? error.message : String(error);
  return {
    status: 'error',
    code: ofSystem ? 'STORE_IO' : 'INTERNAL_ERROR',
    message: sentence(printable(message, 500)),
  };
}

const sentence = (text: string) => text.replace(/[.:]?$/, '.');

/**
 * The exit code of all steps together. A failed check is the first thing to know; a fault has a code that no verdict
 * shares; undecided counts only where nothing worse was seen.
 */
export function exitCodeOfSteps(steps: readonly CiOutcome[]): number {
  const has = (status: CiStatus) => steps.some((step) => step.status === status);
  if (has('fail')) return EXIT.REJECTED;
  const fault = steps.find((step) => step.status === 'error');
  if (fault) return fault.code === undefined ? EXIT.FAULT : catalogue[fault.code].exit;
  return has('undecided') ? EXIT.UNDECIDED : EXIT.DONE;
}
