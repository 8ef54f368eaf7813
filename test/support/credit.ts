import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../src/util/package.js';

/** Writes the first clients of the bundled credit data into `folder`; the path of the file. */
export function writeCredit(folder: string, rows = 400, name = 'credit.csv'): string {
  const packed = readFileSync(join(packageRoot(), 'data', 'uci_credit_default.csv.gz'));
  const lines = gunzipSync(packed).toString('utf8').split('\n');
  const path = join(folder, name);
  writeFileSync(path, `${lines.slice(0, rows + 1).join('\n')}\n`);
  return path;
}
