import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route reads rows as a stream: its body is the stream itself, and no limit of size holds for it. */
    streams?: true;
  }
}

/** How rows stand in a body, or in an answer, that is read piece by piece. */
export type StreamFormat = 'ndjson' | 'csv';

const FORMATS: Record<string, StreamFormat> = {
  'application/x-ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'text/csv': 'csv',
};

const typeOf = (header: string) => header.split(';', 1)[0].trim().toLowerCase();

/** How the rows of a request stream in; undefined for a body that is one document. */
export function streamFormat({ headers }: FastifyRequest): StreamFormat | undefined {
  return FORMATS[typeOf(headers['content-type'] ?? '')];
}

/** The first stream format that the request would have its answer in; undefined when it names none. */
export function acceptedFormat({ headers }: FastifyRequest): StreamFormat | undefined {
  return (headers.accept ?? '')
    .split(',')
    .map((item) => FORMATS[typeOf(item)])
    .find((format) => format !== undefined);
}

function unsupported(what: string, why?: string): RiskopsError {
  return new RiskopsError('MEDIA_TYPE_UNSUPPORTED', { what, why });
}

function checkCharset(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw unsupported(`The request body is in ${printable(charset, 40)}.`, 'Rows are read in UTF-8.');
}

/** Hands the body of a stream's media type to the routes that read streams, unread; other routes refuse it. */
export function acceptRowStreams(app: FastifyInstance): void {
  app.addContentTypeParser(Object.keys(FORMATS), (request, payload, done) => {
    const contentType = request.headers['content-type'] ?? '';
    try {
      if (request.routeOptions.config.streams !== true)
        throw unsupported('The request body must be sent as application/json.');
      checkCharset(contentType);
      done(null, payload);
    } catch (error) {
      done(error as Error);
    }
  });
}
