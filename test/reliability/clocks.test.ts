import { spawnSync } from 'node:child_process';
import { describe, expect, test, vi } from 'vitest';
import { riskops, succeed } from '../support/riskops.js';
import { baseProject } from './support/base.js';
import { changes, readRecord, runUnder } from './support/fault.js';
import { findSound } from './support/sound-store.js';

vi.setConfig({ testTimeout: 240_000 });
const copy = baseProject();
const whyNoClock =
  spawnSync('faketime', ['-f', '@2001-01-01 00:00:00', 'true']).status === 0
    ? undefined
    : 'faketime is not installed';

interface Dated {
  items: { created_at: string; duration_ms: number | null; run_id: string }[];
}

describe.skipIf(whyNoClock)(`a clock that is wrong${whyNoClock ? ` (skipped: ${whyNoClock})` : ''}`, () => {
  test('set back, ahead, before 1970 and after 2038: all works, the order is that of recording, no duration is negative', async () => {
    const folder = copy();
    const clocks = ['-1d', '+10y', '@1969-12-31 10:00:00', '@2039-01-20 00:00:00'];
    const years: string[] = [];
    for (const clock of clocks) {
      const wrapper = ['faketime', '--exclude-monotonic', '-f', clock];
      for (const { words } of [changes.train, changes.promote, changes.rollback])
        expect(await runUnder(wrapper, folder, words()), clock).toMatchObject({ exitCode: 0 });
      const [newest] = (await succeed<Dated>(folder, ['runs', 'list'])).items;
      expect((await succeed<{ run_id: string }>(folder, ['runs', 'latest'])).run_id).toBe(newest.run_id);
      years.push(newest.created_at.slice(0, 4));
    }
    expect(years.slice(-2)).toEqual(['1969', '2039']);
    const { items } = await succeed<Dated>(folder, ['runs', 'list']);
    expect(items.slice(0, 4).map(({ created_at }) => created_at.slice(0, 4))).toEqual(years.reverse());
    // The script's run has not ended.
    const durations = items.map(({ duration_ms }) => duration_ms).filter((ms) => ms !== null);
    expect(durations).toHaveLength(items.length - 1);
    expect(Math.min(...durations)).toBeGreaterThanOrEqual(0);
    expect((await readRecord(folder)).current).toBe(3);
    await findSound(folder);
  });
});

test('in five odd time zones the JSON of runs, models and history is the same, its times in UTC', async () => {
  const folder = copy();
  const { items } = await succeed<Dated>(folder, ['runs', 'list']);
  const reads = [
    ['runs', 'list', '--json'],
    ['runs', 'show', items[0].run_id, '--json'],
    ['history', '--json'],
  ];
  const zones = ['Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Antarctica/Troll', 'Etc/GMT+12'];
  const spoken = await Promise.all(
    zones.map(async (TZ) => {
      const ended = [];
      for (const words of reads) ended.push(await riskops(folder, words, { TZ }));
      return ended;
    }),
  );
  for (const ended of spoken) expect(ended).toEqual(spoken[0]);
  const text = spoken[0].map(({ stdout }) => stdout).join('');
  const times = [...text.matchAll(/"(\d{4}-\d\d-\d\dT\d\d:[^"]+)"/g)].map(([, time]) => time);
  expect(times.length).toBeGreaterThan(5);
  expect(times.filter((time) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time))).toEqual([]);
});
