import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RiskopsError } from './errors.js';
import { jsonFaultPlace } from './util/json.js';
import { packageRoot } from './util/package.js';
import { printable } from './util/text.js';

const LOAD_MS = 5_000;

/** CONFIG_INVALID for a config that cannot be used. */
export function badConfig(path: string, what: string, why?: string): RiskopsError {
  return new RiskopsError('CONFIG_INVALID', { what: `${basename(path)}: ${what}`, why, fix: `mend ${path}` });
}

/** A config with a promise that never settles must not hold a command, nor let it end as if all were done. */
async function settled<T>(work: Promise<T>, path: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const seconds = LOAD_MS / 1000;
    timer = setTimeout(() => reject(badConfig(path, `it did not load within ${seconds} seconds.`)), LOAD_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function plainCopy(path: string, value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (error) {
    throw badConfig(path, 'it holds more than plain values.', printable((error as Error).message));
  }
}

function readJsonConfig(path: string): unknown {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch (error) {
    const { line, column } = jsonFaultPlace(text);
    const why = `${basename(path)}, line ${line}, column ${column}: ${printable((error as Error).message)}.`;
    throw badConfig(path, 'it cannot be loaded.', why);
  }
}

async function importConfig(path: string): Promise<unknown> {
  if (path.endsWith('.json')) return readJsonConfig(path);
  const { createJiti } = await import('jiti');
  const library = join(packageRoot(), 'dist', 'index.js');
  const jiti = createJiti(path, { fsCache: false, moduleCache: false, alias: { riskops: library } });
  // What a config says is talk: stdout is for the command's result alone.
  const { log, info } = console;
  console.log = console.info = console.error;
  try {
    return await jiti.import(path, { default: true });
  } finally {
    Object.assign(console, { log, info });
  }
}

/**
 * Why a config cannot be loaded, on one line: a fault of its syntax with the file (of those that it imports, perhaps another one), the line
 * and the column. The loader writes the place on a line of its own, its column from 0.
 */
function loadFault(path: string, error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const [message, place = ''] = error.message.split('\n').map((line) => line.trim());
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(place) ?? [];
  if (file === undefined) return printable(message);
  const shown = file === path ? basename(path) : file;
  return `${printable(shown)}, line ${line}, column ${Number(column) + 1}: ${printable(message)}`;
}

/** What a config holds, as plain values. CONFIG_INVALID says why it cannot be loaded, and where its syntax is at fault. */
export async function readConfigValue(path: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await settled(importConfig(path), path);
  } catch (error) {
    if (error instanceof RiskopsError) throw error;
    throw badConfig(path, 'it cannot be loaded.', loadFault(path, error));
  }
  // What a getter or a proxy answers may change: a plain copy is checked and used.
  return plainCopy(path, value);
}
