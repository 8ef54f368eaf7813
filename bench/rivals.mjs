// Python programs to compare with: a process that fits on request, so that runs alternate and imports are not measured.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Starts `script` (beside this file) on one thread, with files of the given Float64Arrays as its first arguments and `more`
 * behind them. `ask(word)` gives the JSON line that it answers with. Null where Python lacks what it needs.
 */
export async function openRivals(script, arrays, more, python = '/usr/bin/python3') {
  const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-'));
  const files = arrays.map((array, i) => {
    const path = join(folder, `${i}.f64`);
    writeFileSync(path, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return path;
  });
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, [path, ...files, ...more.map(String)], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const isReady = (await lines.next()).value === 'ready';
  rmSync(folder, { recursive: true, force: true });
  if (!isReady) return null;
  return {
    ask: async (word) => {
      child.stdin.write(`${word}\n`);
      return JSON.parse((await lines.next()).value);
    },
    close: () => child.stdin.end(),
  };
}
