import { printable } from '../../util/text.js';
import { checkElements, type Datatype, datatypeOf } from './datatypes.js';
import { refuse } from './refuse.js';

/** An input of a request, its elements in row-major order. */
export interface Tensor {
  name: string;
  shape: number[];
  datatype: Datatype;
  elements: readonly unknown[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws RiskopsError unless it is absent, or texts, numbers and booleans by name */
export function checkParameters(parameters: unknown, where: string): void {
  if (parameters === undefined) return;
  const fits = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
  if (isObject(parameters) && Object.values(parameters).every(fits)) return;
  throw refuse(`${where}: its parameters are no object of texts, numbers and booleans.`);
}

/** The objects of a list, each with a `name`. */
export function namedObjects(list: unknown, where: string): (Record<string, unknown> & { name: string })[] {
  if (!Array.isArray(list)) throw refuse(`${where} is no array.`);
  return list.map((item: unknown, i) => {
    if (!isObject(item)) throw refuse(`${where}[${i}] is no object.`);
    const { name } = item;
    if (typeof name !== 'string' || name === '') throw refuse(`${where}[${i}] has no name.`);
    checkParameters(item['parameters'], `${where}[${i}]`);
    return { ...item, name };
  });
}

function shapeOf(value: unknown, tensor: string): number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0;
  if (Array.isArray(value) && value.length > 0 && value.length <= 2 && value.every(isSize)) return value;
  throw refuse(`${tensor}: its shape is not one or two whole numbers from 0 up.`);
}

/** Elements of nested arrays that are exactly of the shape; flat ones as they are. */
function elementsOf(data: unknown, shape: readonly number[], tensor: string): readonly unknown[] {
  if (!Array.isArray(data)) throw refuse(`${tensor}: its data is no array.`);
  const mismatch = () => refuse(`${tensor}: its data does not have the shape [${shape.join(', ')}].`);
  const isNested = shape.length > 1 && data.some(Array.isArray);
  const rowsFit = (rows: unknown[]) =>
    rows.length === shape[0] && rows.every((row) => Array.isArray(row) && row.length === shape[1]);
  if (isNested && !rowsFit(data)) throw mismatch();
  const elements: readonly unknown[] = isNested ? data.flat() : data;
  if (elements.length !== shape.reduce((product, size) => product * size, 1)) throw mismatch();
  return elements;
}

/** @throws RiskopsError BODY_INVALID that names the tensor and what is wrong with it */
export function readTensor(input: Record<string, unknown> & { name: string }): Tensor {
  const tensor = `Input "${printable(input.name, 80)}"`;
  const shape = shapeOf(input['shape'], tensor);
  const datatype = datatypeOf(input['datatype'], tensor);
  if (input['data'] === undefined) throw refuse(`${tensor}: it has no data; only JSON data is read.`);
  const elements = elementsOf(input['data'], shape, tensor);
  checkElements(elements, datatype, tensor);
  return { name: input.name, shape, datatype, elements };
}
