import type { ErrorCode } from '../errors.js';

/** The HTTP status of each error code that an answer may carry. A code that is not here is a fault: 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  // the request
  BODY_INVALID: 400,
  FEATURE_SIZE_MISMATCH: 400,
  MODEL_AMBIGUOUS: 400,
  REQUEST_INVALID: 400,
  HOST_NOT_ALLOWED: 403,
  BODY_TOO_LARGE: 413,
  TOO_MANY_ROWS: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  INPUT_INVALID: 422,
  OPTION_INVALID: 422,
  RUN_CURSOR_INVALID: 422,
  RUN_FILTER_INVALID: 422,
  VALIDATION_ERROR: 422,
  // what is not there
  MODEL_NOT_FOUND: 404,
  NO_CURRENT_MODEL: 404,
  ROUTE_NOT_FOUND: 404,
  RUN_AMBIGUOUS: 400,
  RUN_NOT_FOUND: 404,
  VERSION_NOT_FOUND: 404,
  // the server, for now
  CURRENT_MODEL_LOAD_FAILED: 503,
  MODEL_FILE_INVALID: 503,
  MODEL_FILE_NOT_FOUND: 503,
  POINTER_INVALID: 503,
  SERVER_BUSY: 503,
  STORE_BUSY: 503,
  STORE_DAMAGED: 503,
  STORE_IO: 503,
  STORE_NOT_FOUND: 503,
  STORE_VERSION: 503,
  REQUEST_TIMEOUT: 504,
};

/** The HTTP status for an error code. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500;
}
