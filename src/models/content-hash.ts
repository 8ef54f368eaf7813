import { createHash } from 'node:crypto';
import { sha256 } from '../util/files.js';
import { toCanonicalJson } from '../util/json.js';
import type { Tensor } from './learner.js';
import type { ModelHeader } from './model-header.js';

/** SHA-256 of all tensors: names, types, shapes and bytes, in the order of the names. */
export function hashTensors(tensors: Record<string, Tensor>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(tensors).sort()) {
    const { type, shape, data } = tensors[name];
    hash.update(`${JSON.stringify([name, type, shape])}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** The hash that lies in the file beside the specification: a changed byte in either is found without any record. */
export function sealOf(specification: string, tensorsHash: string): string {
  return sha256(`${tensorsHash}\n${specification}`);
}

/**
 * SHA-256 of what a model is: tensors and specification without provenance, metrics, and what is known of its training and held-out
 * rows beside it (profile, residuals). Equal for equal training, whenever and wherever it ran.
 */
export function contentHashOf(header: ModelHeader, tensorsHash: string): string {
  const { metrics, provenance, profile, residuals, ...content } = header;
  return sha256(`${tensorsHash}\n${toCanonicalJson(content)}`);
}
