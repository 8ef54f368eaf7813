import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../context.js';

/** A route: a file with one of these, a line in `all.ts` and a test. Its schema is what `/openapi.json` says of it. */
export type Route = (app: FastifyInstance, context: ServerContext) => void;

/** The error answers that a route's schema names, by status. */
export function errorAnswers(...statuses: number[]): Record<number, { description: string; $ref: string }> {
  return Object.fromEntries(
    statuses.map((status) => [status, { description: MEANING[status], $ref: 'Error#' }]),
  );
}

const MEANING: Record<number, string> = {
  400: 'The body is not the JSON it should be, or has another number of features.',
  404: 'There is no such thing, or nothing is promoted yet.',
  413: 'The body, or the number of rows, is over the limit.',
  415: 'The body is not sent as application/json.',
  422: 'Values do not fit; details name every field.',
  503: 'Not possible at the moment; the message says why.',
  504: 'It took longer than the limit.',
};
