import { lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkKey } from '../storage/blobs/keys.js';
import { fileNotFound, fileRefused, refuseSpecial } from '../storage/blobs/plain-file.js';
import { explainFileError } from '../storage/io-errors.js';

/** So many files are kept of one folder; more are better kept as an archive. */
const MOST_FILES = 10_000;

export interface FileOfFolder {
  /** POSIX path below the folder. */
  name: string;
  /** The file's own path. */
  file: string;
}

/**
 * The plain files below a folder, sorted by name. Nothing is read of a folder that holds anything else: of a link, what it
 * leads to is another's; a loop of links would never end.
 * @throws ARTIFACT_REFUSED naming the entry, ARTIFACT_KEY_INVALID for a name that no key can have, ARTIFACT_NOT_FOUND
 */
export async function filesOfFolder(folder: string): Promise<FileOfFolder[]> {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) throw fileNotFound(folder);
  if (!found.isDirectory())
    throw fileRefused(folder, found.isSymbolicLink() ? 'it is a symbolic link' : 'it is no folder');
  try {
    const files = await walk(folder);
    if (files.length === 0) throw fileRefused(folder, 'there is no file in it');
    return files.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw explainFileError(error, folder);
  }
}

async function walk(folder: string): Promise<FileOfFolder[]> {
  const files: FileOfFolder[] = [];
  const open = [''];
  for (let below = open.pop(); below !== undefined; below = open.pop()) {
    for await (const entry of await opendir(join(folder, below))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      checkKey(name);
      const file = join(folder, name);
      if (entry.isDirectory()) open.push(name);
      else {
        refuseSpecial(file, lstatSync(file));
        files.push({ name, file });
      }
      if (files.length + open.length > MOST_FILES)
        throw fileRefused(folder, `it has more than ${MOST_FILES} files`, 'keep it as one archive');
    }
  }
  return files;
}
