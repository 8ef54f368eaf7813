import type { Feature } from '../../datasets/signature.js';
import { printable } from '../../util/text.js';
import { refuse } from './refuse.js';

/** The protocol's tensor datatypes, but for FP16 and BF16, which JSON numbers cannot carry. */
const DATATYPES = [
  'BOOL',
  ...(['UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64'] as const),
  ...(['FP32', 'FP64', 'BYTES'] as const),
] as const;

export type Datatype = (typeof DATATYPES)[number];

const MOST_FP32 = 3.4028234663852886e38;

/** The least and the greatest whole number of an integer datatype; of 64 bits those that a JSON number holds exactly. */
function integerRange(datatype: string): [number, number] {
  const bits = Number(datatype.replace(/\D+/, ''));
  if (datatype.startsWith('U')) return [0, bits === 64 ? Number.MAX_SAFE_INTEGER : 2 ** bits - 1];
  return bits === 64
    ? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
    : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

const isNumberTo = (most: number) => (value: unknown) =>
  typeof value === 'number' && Math.abs(value) <= most && Number.isFinite(value);

function checkOf(datatype: Datatype): (value: unknown) => boolean {
  if (datatype === 'BOOL') return (value) => typeof value === 'boolean';
  if (datatype === 'BYTES') return (value) => typeof value === 'string';
  if (datatype === 'FP32') return isNumberTo(MOST_FP32);
  if (datatype === 'FP64') return isNumberTo(Number.MAX_VALUE);
  const [least, most] = integerRange(datatype);
  return (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

const checks = new Map<string, (value: unknown) => boolean>(DATATYPES.map((name) => [name, checkOf(name)]));

/** The datatype that a request names. @throws RiskopsError for any other text or value */
export function datatypeOf(value: unknown, tensor: string): Datatype {
  if (typeof value === 'string' && checks.has(value)) return value as Datatype;
  if (value === 'FP16' || value === 'BF16')
    throw refuse(`${tensor}: ${value} cannot be given as JSON numbers; send FP32 or FP64.`);
  const got = typeof value === 'string' ? `"${printable(value, 40)}"` : 'not a text';
  throw refuse(`${tensor}: its datatype is ${got} where one of ${DATATYPES.join(', ')} is expected.`);
}

/** @throws RiskopsError at the first element that the datatype cannot hold; null is a missing value of any. */
export function checkElements(elements: readonly unknown[], datatype: Datatype, tensor: string): void {
  const fits = checks.get(datatype)!;
  const bad = elements.findIndex((element) => element !== null && !fits(element));
  if (bad < 0) return;
  const value = elements[bad];
  const shown = printable(JSON.stringify(value) ?? 'nothing', 60);
  const why =
    Number.isInteger(value) && datatype.endsWith('INT64')
      ? ': a JSON number does not hold it exactly; a whole number may be 9007199254740991 at most'
      : '';
  throw refuse(`${tensor}: element ${bad} is ${shown}, which is no ${datatype}${why}.`);
}

/** The datatype that a feature's tensor has of itself. */
export function datatypeOfFeature({ type }: Feature): Datatype {
  if (type === 'number') return 'FP64';
  if (type === 'integer') return 'INT64';
  return type === 'boolean' ? 'BOOL' : 'BYTES';
}

const isNumeric = (datatype: Datatype) => datatype !== 'BOOL' && datatype !== 'BYTES';

/** Whether a feature takes tensors of the datatype: any number for a number, whole numbers (0 and 1) for a boolean too. */
export function takes(feature: Feature, datatype: Datatype): boolean {
  if (feature.type === 'number' || feature.type === 'integer') return isNumeric(datatype);
  if (feature.type === 'boolean') return datatype !== 'BYTES';
  // A category may be a number, as a postal code is; the encoder knows.
  return datatype === 'BYTES' || (feature.type === 'category' && isNumeric(datatype));
}
