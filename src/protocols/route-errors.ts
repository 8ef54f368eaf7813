import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RiskopsError } from '../errors.js';
import { addErrorHeaders, faultLine, toRiskopsError } from '../serving/answer-error.js';
import type { ServerContext } from '../serving/context.js';

/** An error as a protocol answers it. */
export interface ErrorAnswer {
  status: number;
  body: object;
}

type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** A route's error handler: every error of the route, those of reading its body too, in the protocol's own shape. */
export function errorsAs(context: ServerContext, shape: (error: RiskopsError) => ErrorAnswer): ErrorHandler {
  return (error, request, reply) => {
    const told = toRiskopsError(error, context.limits.bodyBytes);
    if (told.code === 'INTERNAL_ERROR') context.tell(faultLine(told, request));
    const { status, body } = shape(told);
    addErrorHeaders(reply, told);
    return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
  };
}
