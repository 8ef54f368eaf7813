import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { nestsDeeper } from './json-nesting.js';

/** No request that means anything nests so deep. */
export const MOST_NESTING = 64;

export const TOO_DEEP = `Its arrays and objects lie more than ${MOST_NESTING} deep in each other.`;

/** Why JSON.parse refuses a text, on one line. */
export function jsonFault(text: string): string {
  try {
    JSON.parse(text);
    return 'A key in it is __proto__ or constructor.prototype.';
  } catch (error) {
    return `${printable((error as Error).message)}.`;
  }
}

const invalid = (what: string, why: string) => new RiskopsError('BODY_INVALID', { what, why });

/**
 * Bodies are JSON in UTF-8 and nothing else: no other media type, no compression (a small body could unpack to a
 * huge one), no keys that could reach an object's prototype.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (!isUtf8(body)) return done(invalid('The request body is not UTF-8.', 'JSON is sent as UTF-8.'));
    const text = body.toString('utf8');
    if (text === '') return done(invalid('The request body is empty.', 'It must be a JSON object.'));
    parseJson(request, text, (error, value) => {
      if (error) done(invalid('The request body is not JSON.', jsonFault(text)));
      else if (nestsDeeper(value, MOST_NESTING)) done(invalid('The request body is not read.', TOO_DEEP));
      else done(null, value);
    });
  });
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return done(null, payload);
    done(
      new RiskopsError('MEDIA_TYPE_UNSUPPORTED', {
        what: `The request body is compressed: ${printable(encoding, 40)}.`,
        why: 'Only bodies that are not compressed are read: a small one could unpack to a huge one.',
        fix: 'send it unpacked and without Content-Encoding: gunzip -c rows.csv.gz | curl -T - ...',
      }),
    );
  });
}
