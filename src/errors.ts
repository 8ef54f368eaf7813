import { catalogue } from './error-catalogue.js';

export { catalogue, EXIT } from './error-catalogue.js';

export type ErrorCode = keyof typeof catalogue;

export interface ErrorText {
  /** What happened, one line. */
  what: string;
  /** Why, one line. */
  why?: string;
  /** The command or the step that helps; the catalogue's own when left out. */
  fix?: string;
  /** Facts for a program: offending fields, known names, limits. */
  details?: unknown;
  cause?: unknown;
}

/** An expected error: it has a code in the catalogue, and says what, why and what helps. */
export class RiskopsError extends Error {
  readonly code: ErrorCode;
  readonly why: string | undefined;
  readonly fix: string;
  readonly details: unknown;

  constructor(code: ErrorCode, text: ErrorText) {
    super(text.what, text.cause === undefined ? undefined : { cause: text.cause });
    this.name = 'RiskopsError';
    this.code = code;
    this.why = text.why;
    this.fix = text.fix ?? catalogue[code].next;
    this.details = text.details;
  }

  get exitCode(): number {
    return catalogue[this.code].exit;
  }
}
