import { RiskopsError } from '../../errors.js';
import type { RowReader, StreamedRow } from './row-reader.js';
import { RecordSplitter } from './split-records.js';

/** Rows that are answered together: few enough for the log to have room for them whatever its settings. */
const BATCH_ROWS = 50;
const BATCH_CHARACTERS = 256 * 1024;

const notUtf8 = () =>
  new RiskopsError('BODY_INVALID', {
    what: 'The request body is not UTF-8.',
    why: 'Rows are sent as UTF-8.',
  });

/**
 * The rows of a body in batches, as they come: what arrived is never held back for more to come.
 * It neither ends nor destroys the body before its end, so that an answer can still be sent.
 * @throws RiskopsError BODY_TOO_LARGE, BODY_INVALID, what `reader` throws, and the body's own errors
 */
export async function* rowBatches(
  body: AsyncIterable<Buffer>,
  reader: RowReader,
  recordLimit: number,
): AsyncGenerator<StreamedRow[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const splitter = new RecordSplitter(reader.quotes, recordLimit);
  const decode = (bytes: Buffer | undefined) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw notUtf8();
    }
  };
  const pieces = body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await pieces.next();
    const text = decode(done === true ? undefined : value);
    let batch: StreamedRow[] = [];
    let characters = 0;
    const records = done === true ? lastRecords(splitter, text) : splitter.push(text);
    for (const record of records) {
      const row = reader.read(record);
      if (row === null) continue;
      batch.push(row);
      characters += record.length;
      if (batch.length < BATCH_ROWS && characters < BATCH_CHARACTERS) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
    if (batch.length > 0) yield batch;
    if (done === true) return;
  }
}

function* lastRecords(splitter: RecordSplitter, text: string): Generator<string> {
  yield* splitter.push(text);
  yield splitter.end();
}
