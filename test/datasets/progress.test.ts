import { expect, test } from 'vitest';
import { progressText } from '../../src/datasets/progress.js';
import { type ReadOptions, readTable } from '../../src/datasets/read-table.js';
import { fileOf } from './support/tables.js';

test('a line for a person: share, rate and time left, and nothing in the first second', () => {
  const bytes = (done: number, of: number, ms: number) =>
    progressText('reading', { done, of, unit: 'bytes' }, ms);
  expect(bytes(5e6, 1e9, 900)).toBeUndefined();
  expect(bytes(250e6, 1e9, 2_000)).toBe('reading 25 %: 250M bytes, 125M a second, 6 s left');
  expect(bytes(1e9, 1e9, 4_000)).toBe('reading 99 %: 1000M bytes, 250M a second');
  expect(progressText('reading', { done: 4_200, of: 0, unit: 'rows' }, 2_000)).toBe(
    'reading: 4.2k rows, 2.1k a second',
  );
  expect(bytes(1e6, 1e9, 100_000)).toBe('reading 0 %: 1.0M bytes, 10k a second, 28 h left');
});

test('reading tells how far it is, at most ten times a second, and never more than there is', async () => {
  const path = fileOf(`a,b\n${'12.5,text\n'.repeat(400_000)}`);
  const seen: { bytes: number; of: number; rows: number; at: number }[] = [];
  const onProgress: ReadOptions['onProgress'] = (progress) =>
    seen.push({ ...progress, at: performance.now() });
  const start = performance.now();
  const { table } = await readTable(path, { onProgress });
  expect(seen.length).toBeLessThanOrEqual((performance.now() - start) / 100);
  for (const { bytes, of, rows } of seen) {
    expect(bytes).toBeLessThanOrEqual(of);
    expect(rows).toBeLessThanOrEqual(table.rowCount);
  }
});
