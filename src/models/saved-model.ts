import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import type { SavedModel, Tensor, TensorData, TensorType } from './learner.js';

/** The array that holds each tensor type, and the bytes of one element. */
export const TENSOR_ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  I16: Int16Array,
  U8: Uint8Array,
} as const satisfies Record<TensorType, new (length: number) => TensorData>;

type ArrayOf<T extends TensorType> = InstanceType<(typeof TENSOR_ARRAYS)[T]>;

/** MODEL_FILE_INVALID with one line: what is wrong, and where. Text that stands in the file is made safe to show. */
export function modelFileFault(fault: string): RiskopsError {
  return new RiskopsError('MODEL_FILE_INVALID', { what: printable(fault, 400) });
}

/** A name out of a file, short and safe to show. */
export function quoted(name: string): string {
  return `"${printable(name, 60)}"`;
}

/**
 * The tensor of this name when it has the type and shape that the learner indexes by; MODEL_FILE_INVALID when not.
 */
export function tensorOf<T extends TensorType>(
  saved: SavedModel,
  name: string,
  type: T,
  shape: readonly number[],
): ArrayOf<T> {
  const tensor: Tensor | undefined = Object.hasOwn(saved.tensors, name) ? saved.tensors[name] : undefined;
  if (tensor === undefined) throw modelFileFault(`tensor "${name}" is missing`);
  if (tensor.type !== type) throw modelFileFault(`tensor "${name}" is ${tensor.type}, not ${type}`);
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
    throw modelFileFault(`tensor "${name}" has the shape [${tensor.shape}], not [${shape}]`);
  }
  return tensor.data as ArrayOf<T>;
}

/** The same for numbers that are computed with: NaN and the infinities are refused. */
export function finiteTensorOf<T extends 'F64' | 'F32'>(
  saved: SavedModel,
  name: string,
  type: T,
  shape: readonly number[],
): ArrayOf<T> {
  const values = tensorOf(saved, name, type, shape);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw modelFileFault(`tensor "${name}" is not finite at element ${at}`);
  return values;
}

/** The names of all tensors must be these: a file with more is not what the learner wrote. */
export function checkTensorNames(saved: SavedModel, names: readonly string[]): void {
  const extra = Object.keys(saved.tensors).find((name) => !names.includes(name));
  if (extra !== undefined) throw modelFileFault(`tensor ${quoted(extra)} does not belong to this learner`);
}
