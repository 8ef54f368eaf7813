import type { RiskopsError } from '../../errors.js';

/** A row of a stream: its value as JSON would give it, or why it has none. */
export type StreamedRow = { value: unknown } | { error: RiskopsError };

/** Turns the records of a body, one after the other, into rows. */
export interface RowReader {
  /** Whether a line end may stand inside a record, in quotes. */
  quotes: boolean;
  /** The rows of a record: none of a blank line or a header. @throws RiskopsError for a header that cannot be used */
  read(record: string): StreamedRow | null;
}
