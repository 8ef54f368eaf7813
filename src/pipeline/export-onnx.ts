import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import { exportOnnx } from '../models/onnx/export-onnx.js';
import { findVersion } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';

export interface ExportedModel {
  model: string;
  version: number;
  out: string;
  bytes: number;
}

/** Puts the whole file in its place at once. */
function writeWhole(path: string, content: Buffer): void {
  const draft = `${path}.${process.pid}.draft`;
  try {
    writeFileSync(draft, content, { flag: 'wx' });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new RiskopsError('STORE_IO', {
      what: `The file ${printable(path, 400)} cannot be written.`,
      why: printable((error as Error).message, 400),
      cause: error,
    });
  }
}

/**
 * Writes a version as ONNX; see `exportOnnx`.
 * @throws EXPORT_UNSUPPORTED, VERSION_NOT_FOUND, MODEL_FILE_INVALID, STORE_IO
 */
export async function exportVersion(
  store: Store,
  { model, version, out }: { model: string; version: string | undefined; out: string },
): Promise<ExportedModel> {
  const record = await findVersion(store, model, { version: version ?? 'current' });
  const path = store.blobs.path(record.path);
  await readModelFile(path, { sha256: record.sha256 });
  const content = await exportOnnx(readFileSync(path), path);
  writeWhole(out, content);
  return { model, version: record.version, out, bytes: content.length };
}
