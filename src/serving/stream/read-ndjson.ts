import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { MOST_NESTING, TOO_DEEP } from '../json-body.js';
import { nestsDeeper } from '../json-nesting.js';
import type { RowReader } from './row-reader.js';

type ParseJson = (text: string) => unknown;

/** Rows as JSON, one a line: objects by feature name, or arrays in the order of the signature. */
export function ndjsonReader(parse: ParseJson): RowReader {
  return {
    quotes: false,
    read(record) {
      if (record.trim() === '') return null;
      try {
        const value = parse(record);
        if (!nestsDeeper(value, MOST_NESTING)) return { value };
        return { error: new RiskopsError('BODY_INVALID', { what: 'The line is not read.', why: TOO_DEEP }) };
      } catch (error) {
        const why = `${printable((error as Error).message)}.`;
        return { error: new RiskopsError('BODY_INVALID', { what: 'The line is not JSON.', why }) };
      }
    },
  };
}
