/** The codes that the client itself gives; all others are the server's. */
export type ClientErrorCode =
  /** The server did not answer in time. */
  | 'CLIENT_TIMEOUT'
  /** There is no connection, or it broke. */
  | 'CONNECTION_FAILED'
  /** What answered is no riskops server: a proxy's page, for one. */
  | 'ANSWER_INVALID'
  /** A row holds what JSON cannot carry: NaN, an infinity, a bigint. */
  | 'VALUE_INVALID';

export interface ClientErrorFacts {
  code: ClientErrorCode | (string & {});
  message: string;
  status: number | null;
  hint?: string | undefined;
  details?: unknown;
  requestId?: string | null;
  cause?: unknown;
}

/** Why a call gave no answer, as the server says it. */
export class RiskopsClientError extends Error {
  /** A code of docs/errors.md, such as VALIDATION_ERROR, or one of the client's own. */
  readonly code: ClientErrorCode | (string & {});
  /** The HTTP status; null when nothing answered. */
  readonly status: number | null;
  /** What helps. */
  readonly hint: string | undefined;
  /** Facts for a program, such as every field that does not fit. */
  readonly details: unknown;
  /** What the server calls the request in its log. */
  readonly requestId: string | null;

  constructor({ code, message, status, hint, details, requestId = null, cause }: ClientErrorFacts) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RiskopsClientError';
    this.code = code;
    this.status = status;
    this.hint = hint;
    this.details = details;
    this.requestId = requestId;
  }
}
