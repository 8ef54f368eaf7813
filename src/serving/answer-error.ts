import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { catalogue, type ErrorCode, RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { statusOf } from './error-status.js';

export interface ErrorEnvelope {
  ok: false;
  error: { code: ErrorCode; message: string; hint?: string; details?: unknown };
  request_id: string;
}

/** What and why, in one line. */
export function reasonOf({ message, why }: RiskopsError): string {
  if (why === undefined) return message;
  return /[.!?]$/.test(message) ? `${message} ${why}` : `${message}: ${why}`;
}

/** The one shape of every error answer. */
export function errorEnvelope(error: RiskopsError, requestId: string): ErrorEnvelope {
  const { code, fix, details } = error;
  return {
    ok: false,
    error: {
      code,
      message: reasonOf(error),
      hint: fix,
      ...(details === undefined ? {} : { details }),
    },
    request_id: requestId,
  };
}

/** Errors of the framework, in the words of the catalogue. */
function fromFramework(error: FastifyError, bodyLimit: number | undefined): RiskopsError | undefined {
  const { code, statusCode = 500, message } = error;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new RiskopsError('BODY_TOO_LARGE', {
        what: `The request body is over the limit of ${bodyLimit} bytes.`,
        fix: 'send it in parts, or start the server with a larger --body-bytes',
        details: { limit_bytes: bodyLimit },
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new RiskopsError('MEDIA_TYPE_UNSUPPORTED', {
        what: 'The request body must be sent as application/json.',
      });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new RiskopsError('BODY_INVALID', { what: 'The request body cannot be read.', why: message });
    default:
      return statusCode >= 400 && statusCode < 500
        ? new RiskopsError('REQUEST_INVALID', { what: 'The request cannot be read.', why: message })
        : undefined;
  }
}

/** Any error as one of the catalogue; `bodyLimit`, in bytes, is told when a body was over it. Of a fault nobody foresaw, the answer tells the type alone. */
export function toRiskopsError(error: unknown, bodyLimit?: number): RiskopsError {
  if (error instanceof RiskopsError) return error;
  const known = error instanceof Error ? fromFramework(error as FastifyError, bodyLimit) : undefined;
  if (known) return known;
  return new RiskopsError('INTERNAL_ERROR', {
    what: 'The server met a fault of its own.',
    fix: 'report it, with the request_id',
    details: { type: error instanceof Error ? error.constructor.name : typeof error },
    cause: error,
  });
}

/** The answer tells a stranger the fault's type alone; the operator gets its text too. */
export function faultLine(
  { message, cause }: RiskopsError,
  { id, method, routeOptions }: FastifyRequest,
): string {
  const fault = cause instanceof Error ? `${cause.name}: ${cause.message}` : message;
  return printable(`${method} ${routeOptions.url ?? '?'} failed (request ${id}): ${fault}`, 500);
}

/** Fastify's error handler. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told = toRiskopsError(error);
  const status = statusOf(told.code);
  addErrorHeaders(reply, told);
  return reply.code(status).send(errorEnvelope(told, request.id));
}

/** What a client goes by before it reads an error: how to come in, and when to try again. */
export function addErrorHeaders(reply: FastifyReply, { code, details }: RiskopsError): void {
  const status = statusOf(code);
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="riskops"');
  if (status !== 429 && status !== 503) return;
  // Most of what is not possible now is a moment's trouble.
  const { retry_after_seconds: seconds = 1 } = (details ?? {}) as { retry_after_seconds?: number };
  reply.header('retry-after', String(seconds));
}

/** The same error for who sent no token: its kind, and nothing of names and places. */
export function withoutFacts({ code }: RiskopsError): RiskopsError {
  return new RiskopsError(code, { what: catalogue[code].meaning });
}
