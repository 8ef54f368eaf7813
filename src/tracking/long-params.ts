import { sha256 } from '../util/files.js';
import type { Pair } from './run-writes.js';

/**
 * Where the text of a parameter lies that is too long for the database: `params/<name>.txt`, with the beginning of the
 * name's hash where the name cannot be that of a file.
 */
export function longParamPath(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 80);
  const isSame = plain === name && /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9]/i.test(name);
  return `params/${isSame ? name : `${plain}-${sha256(name).slice(0, 8)}`}.txt`;
}

/** What stands in the parameter instead: `artifact:params/prompt.txt (70000 bytes, sha256 ...)`. */
export function longParamReference({ key, value }: Pair): Pair {
  const text = `artifact:${longParamPath(key)} (${Buffer.byteLength(value)} bytes, sha256 ${sha256(value)})`;
  return { key, value: text };
}
