import { constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';

interface Kind {
  isFile(): boolean;
  isSymbolicLink(): boolean;
  isDirectory(): boolean;
}

/**
 * Opens a plain file: a link would lead elsewhere, a pipe or a device may never end.
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_REFUSED
 */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw fileNotFound(path);
  refuseSpecial(path, found);
  // NONBLOCK, so that a pipe that takes the file's place meanwhile is opened and refused, and not waited for.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(path, flags);
  try {
    refuseSpecial(path, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws ARTIFACT_REFUSED for anything but a plain file */
export function refuseSpecial(path: string, found: Kind): void {
  if (found.isFile()) return;
  const kind = found.isSymbolicLink()
    ? 'a symbolic link'
    : found.isDirectory()
      ? 'a folder'
      : 'a pipe, socket or device';
  throw fileRefused(path, `it is ${kind}`);
}

export function fileRefused(path: string, why: string, fix?: string): RiskopsError {
  return new RiskopsError('ARTIFACT_REFUSED', { what: `${printable(path)} is not kept`, why, fix });
}

export function fileNotFound(path: string): RiskopsError {
  return new RiskopsError('ARTIFACT_NOT_FOUND', {
    what: `there is no file ${printable(path)}`,
    why: 'it was never written, or somebody removed it',
  });
}

/** Size in bytes, undefined when there is no plain file. */
export function plainFileSize(path: string): number | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
}
