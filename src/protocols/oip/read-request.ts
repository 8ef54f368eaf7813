import type { Feature } from '../../datasets/signature.js';
import { RiskopsError } from '../../errors.js';
import { nameFew } from '../../serving/problems.js';
import { printable, suggestWord } from '../../util/text.js';
import { takes } from './datatypes.js';
import { checkParameters, namedObjects, readTensor, type Tensor } from './read-tensor.js';
import { refuse } from './refuse.js';

/** What an inference request asks for. */
export interface InferRequest {
  id?: string;
  /** Arrays in the order of the signature. */
  rows: unknown[][];
  /** Names of the outputs in the order that they are wanted in; null for all. */
  outputs: string[] | null;
}

const quoted = (name: string) => `"${printable(name, 80)}"`;

/** A boolean may be a 0 or a 1. */
function cellOf(feature: Feature, element: unknown): unknown {
  if (feature.type !== 'boolean' || typeof element !== 'number') return element;
  return element === 0 || element === 1 ? element === 1 : element;
}

function checkTakes(feature: Feature, { name, datatype }: Tensor): void {
  if (takes(feature, datatype)) return;
  throw refuse(
    `Input ${quoted(name)}: ${datatype} cannot be ${quoted(feature.name)}, of type ${feature.type}.`,
  );
}

/** One tensor that has all features, one a column. */
function rowsOfMatrix(tensor: Tensor, features: readonly Feature[]): unknown[][] {
  const text = features.find((feature) => !takes(feature, 'FP64'));
  if (text !== undefined || tensor.datatype === 'BYTES')
    throw refuse(
      `Input ${quoted(tensor.name)}: only numbers go into one tensor${text === undefined ? '' : `, and ${quoted(text.name)} is text`}; send one tensor a feature.`,
    );
  for (const feature of features) checkTakes(feature, tensor);
  const [rowCount, width] = tensor.shape;
  return Array.from({ length: rowCount }, (_, row) =>
    features.map((feature, i) => cellOf(feature, tensor.elements[row * width + i])),
  );
}

function checkNames(tensors: readonly Tensor[], features: readonly Feature[]): void {
  const known = features.map(({ name }) => name);
  const given = new Set<string>();
  for (const { name } of tensors) {
    if (!known.includes(name))
      throw refuse(`The model has no input ${quoted(name)}; ${suggestWord(name, known)}`);
    if (given.has(name)) throw refuse(`Input ${quoted(name)} is given twice.`);
    given.add(name);
  }
  const absent = known.filter((name) => !given.has(name));
  if (absent.length > 0)
    throw refuse(`The request lacks ${nameFew(absent)}; the model takes all of its inputs.`);
}

/** One tensor a feature, each of shape [n] or [n, 1]. */
function rowsOfColumns(tensors: readonly Tensor[], features: readonly Feature[]): unknown[][] {
  checkNames(tensors, features);
  const rowCount = tensors[0].elements.length;
  const columns = features.map((feature) => {
    const tensor = tensors.find(({ name }) => name === feature.name)!;
    const { name, shape, elements } = tensor;
    checkTakes(feature, tensor);
    if (shape.length === 2 && shape[1] !== 1)
      throw refuse(
        `Input ${quoted(name)}: its shape is [${shape.join(', ')}] where [n] or [n, 1] is expected.`,
      );
    if (elements.length !== rowCount)
      throw refuse(
        `Input ${quoted(name)} has ${elements.length} rows, and ${quoted(tensors[0].name)} has ${rowCount}.`,
      );
    return elements.map((element) => cellOf(feature, element));
  });
  return Array.from({ length: rowCount }, (_, row) => columns.map((column) => column[row]));
}

const isMatrix = (tensors: readonly Tensor[], width: number) =>
  tensors.length === 1 && width > 1 && tensors[0].shape.length === 2 && tensors[0].shape[1] === width;

function readOutputs(value: unknown, known: readonly string[]): string[] | null {
  if (value === undefined) return null;
  const names = namedObjects(value, 'outputs').map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw refuse(`The model has no output ${quoted(unknown)}; ${suggestWord(unknown, known)}`);
  return names.length === 0 ? null : [...new Set(names)];
}

/**
 * The rows of an inference request: of one tensor a feature, or of one tensor with all features where all are numbers.
 * @param outputs the names of the model's outputs
 * @throws RiskopsError BODY_INVALID, TOO_MANY_ROWS
 */
export function readInferRequest(
  body: unknown,
  {
    features,
    outputs,
    maxRows,
  }: { features: readonly Feature[]; outputs: readonly string[]; maxRows: number },
): InferRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw refuse('The request body must be a JSON object with inputs.');
  const { id, parameters, inputs, outputs: wanted } = body as Record<string, unknown>;
  if (id !== undefined && typeof id !== 'string') throw refuse('The id of the request is no text.');
  checkParameters(parameters, 'The request');
  const tensors = namedObjects(inputs, 'inputs').map(readTensor);
  if (tensors.length === 0) throw refuse('The request has no inputs.');
  const names = readOutputs(wanted, outputs);
  const [{ shape }] = tensors;
  if (shape[0] > maxRows)
    throw new RiskopsError('TOO_MANY_ROWS', {
      what: `The request has ${shape[0]} rows.`,
      why: `The limit is ${maxRows}.`,
      fix: `send at most ${maxRows} rows at a time`,
    });
  const rows = isMatrix(tensors, features.length)
    ? rowsOfMatrix(tensors[0], features)
    : rowsOfColumns(tensors, features);
  if (rows.length === 0) throw refuse('The request has no rows.');
  return { ...(id === undefined ? {} : { id }), rows, outputs: names };
}
