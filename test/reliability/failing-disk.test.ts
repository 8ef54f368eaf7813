import { describe, expect, test, vi } from 'vitest';
import { baseProject } from './support/base.js';
import { changes, commands, expectHonest } from './support/fault.js';
import { failing, whyNoTrace } from './support/trace.js';

vi.setConfig({ testTimeout: 240_000 });
const copy = baseProject();

describe.skipIf(whyNoTrace)(`calls that fail${whyNoTrace ? ` (skipped: ${whyNoTrace})` : ''}`, () => {
  test.each(commands)('every fsync fails: %s is refused, and what was on record stays', async (_, change) => {
    const end = await expectHonest(copy(), change, failing('fsync,fdatasync', 'EIO', '1+'));
    expect(end).toEqual({ end: 'refused', served: 1 });
  });

  test.each(commands)(
    'every rename fails: %s is refused, and the pointer is the old one',
    async (_, change) => {
      const end = await expectHonest(copy(), change, failing('rename', 'EIO', '1+'));
      expect(end).toEqual({ end: 'refused', served: 1 });
    },
  );

  test.each(commands)('writes of the database fail from the third on: %s is refused', async (_, change) => {
    const end = await expectHonest(copy(), change, failing('pwrite64', 'ENOSPC', '3+'));
    expect(end).toEqual({ end: 'refused', served: 1 });
  });

  test.each([
    ['pwrite64', 'EIO', '20+'],
    ['pwrite64', 'EIO', '30'],
    ['fsync,fdatasync', 'ENOSPC', '1+'],
    ['fsync', 'EIO', '3'],
    ['fsync', 'EIO', '5'],
  ])('%s fails with %s at call %s: a promotion is done or refused', async (calls, error, when) => {
    await expectHonest(copy(), changes.promote, failing(calls, error, when));
  });

  test('the rename of current.json fails: the promotion says so, the old version is served, the next writer mends it', async () => {
    const ends = [];
    for (const nth of ['2', '3', '4'])
      ends.push(await expectHonest(copy(), changes.promote, failing('rename', 'EIO', nth)));
    expect(ends).toContainEqual({ end: 'refused', served: 1 });
    expect(ends.at(-1)).toEqual({ end: 'done', served: 2 });
  });
});
