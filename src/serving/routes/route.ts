export type { Route } from '../context.js';

/** The error answers that a route's schema names, by status. */
export function errorAnswers(...statuses: number[]): Record<number, { description: string; $ref: string }> {
  return Object.fromEntries(
    statuses.map((status) => [status, { description: MEANING[status], $ref: 'Error#' }]),
  );
}

const MEANING: Record<number, string> = {
  400: 'The body is not the JSON it should be, or has another number of features.',
  401: 'No token was sent that is good.',
  403: "The token's role is not enough, or a page of another site asks.",
  404: 'There is no such thing, or nothing is promoted yet.',
  409: 'Not as things are; the message says why.',
  413: 'The body, or the number of rows, is over the limit.',
  415: 'The body is not sent as application/json.',
  422: 'Values do not fit; details name every field.',
  429: 'Too many wrong tokens; Retry-After says when.',
  503: 'Not possible at the moment; the message says why.',
  504: 'It took longer than the limit.',
};
