import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileLimit } from '../serving/open-files.js';
import { packageRoot } from '../util/package.js';
import type { CommandEntry } from './command.js';

/** A command's import opens about a hundred files at once; from here on nobody need care. */
const ENOUGH_FILES = 200;

/** Loads a command; where the process may open few files, its parts one after the other first. */
export async function loadCommand(entry: CommandEntry): ReturnType<CommandEntry['load']> {
  if ((fileLimit() ?? ENOUGH_FILES) < ENOUGH_FILES) await loadParts(entry.name.replace(' ', '-'));
  return entry.load();
}

async function loadParts(command: string): Promise<void> {
  const dist = join(packageRoot(), 'dist');
  let order: Record<string, string[]>;
  try {
    order = JSON.parse(readFileSync(join(dist, 'load-order.json'), 'utf8'));
  } catch {
    // Not built, or by an older build: then all at once, as everywhere else.
    return;
  }
  for (const path of order[command] ?? []) await import(pathToFileURL(join(dist, path)).href);
}
