import type { Readable } from 'node:stream';
import type { Signature } from '../../datasets/signature.js';
import { RiskopsError } from '../../errors.js';
import type { Limits } from '../context.js';
import { csvReader } from './read-csv.js';
import { rowBatches } from './row-source.js';

/** The body, but no more of it than the limit of any other; it is left open, so that an answer can be sent. */
async function* limited(body: Readable, limit: number): AsyncGenerator<Buffer> {
  const pieces = body[Symbol.asyncIterator]();
  for (let bytes = 0; ; ) {
    const { done, value } = await pieces.next();
    if (done === true) return;
    bytes += (value as Buffer).length;
    if (bytes > limit) throw tooLarge(limit);
    yield value as Buffer;
  }
}

function tooLarge(limit: number): RiskopsError {
  return new RiskopsError('BODY_TOO_LARGE', {
    what: `The request body is over the limit of ${limit} bytes.`,
    fix: 'accept a stream as the answer (application/x-ndjson, text/csv), or start the server with a larger --body-bytes',
    details: { limit_bytes: limit },
  });
}

/**
 * All rows of a CSV body that is to be answered by one document.
 * @throws RiskopsError BODY_TOO_LARGE, TOO_MANY_ROWS, VALIDATION_ERROR for the header, BODY_INVALID for the first record that is odd
 */
export async function readAllCsv(
  body: Readable,
  signature: Signature,
  { bodyBytes, rows: most }: Pick<Limits, 'bodyBytes' | 'rows'>,
): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const batch of rowBatches(limited(body, bodyBytes), csvReader(signature), bodyBytes))
    for (const row of batch) {
      if ('error' in row) throw row.error;
      rows.push(row.value);
      if (rows.length > most)
        throw new RiskopsError('TOO_MANY_ROWS', {
          what: `The request has more than ${most} rows.`,
          fix: `send at most ${most} rows at a time, or accept a stream as the answer: application/x-ndjson or text/csv`,
          details: { limit: most },
        });
    }
  return rows;
}
