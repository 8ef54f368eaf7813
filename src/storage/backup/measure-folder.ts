import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** So many files are counted; a folder with more has at least what is said. */
const MOST_FILES = 200_000;

/** Files and bytes below a folder, links not followed; null for a folder that is not there. */
export async function measureFolder(folder: string): Promise<{ files: number | null; bytes: number | null }> {
  let [files, bytes] = [0, 0];
  const folders = [folder];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    try {
      for await (const entry of await opendir(at)) {
        if (entry.isDirectory()) folders.push(join(at, entry.name));
        if (!entry.isFile() || files === MOST_FILES) continue;
        files++;
        bytes += (await lstat(join(at, entry.name))).size;
      }
    } catch (error) {
      // What is removed meanwhile, or may not be read, is left out.
      if (at === folder && (error as NodeJS.ErrnoException).code === 'ENOENT')
        return { files: null, bytes: null };
    }
  }
  return { files, bytes };
}
