import { RiskopsError } from '../../errors.js';
import { jsonFault, MOST_NESTING, TOO_DEEP } from '../json-body.js';
import { nestsDeeper } from '../json-nesting.js';
import type { RowReader } from './row-reader.js';

type ParseJson = (text: string) => unknown;

/** Rows as JSON, one a line: objects by feature name, or arrays in the order of the signature. */
export function ndjsonReader(parse: ParseJson): RowReader {
  let line = 0;
  return {
    quotes: false,
    read(record) {
      line++;
      if (record.trim() === '') return null;
      try {
        const value = parse(record);
        if (!nestsDeeper(value, MOST_NESTING)) return { value };
        return {
          error: new RiskopsError('BODY_INVALID', { what: `Line ${line} is not read.`, why: TOO_DEEP }),
        };
      } catch {
        const what = `Line ${line} is not JSON.`;
        return { error: new RiskopsError('BODY_INVALID', { what, why: jsonFault(record) }) };
      }
    },
  };
}
