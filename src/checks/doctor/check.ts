import type { Store, StorePlaces } from '../../storage/store.js';

/** `error` fails the doctor, `warning` does not, `fixed` was mended now, `ok` says what was looked at. */
export interface Finding {
  check: string;
  severity: 'ok' | 'fixed' | 'warning' | 'error';
  message: string;
  /** The command that helps. */
  remedy?: string;
  path?: string;
}

export interface DoctorContext {
  places: StorePlaces;
  /** The open store; null when there is none yet, or when it cannot be opened (a finding of its own). */
  store: Store | null;
  /** Mend what can be mended from the database. */
  fix: boolean;
  /** Read every artifact and compare its hash, however much there is. */
  deep: boolean;
}

/** A check looks at one thing. A new one is a file, a line in `all.ts` and a test. */
export interface DoctorCheck {
  name: string;
  run(context: DoctorContext): Promise<Omit<Finding, 'check'>[]>;
}

/** So many findings of one kind are told one by one; the rest as a number. */
export const TOLD = 10;
