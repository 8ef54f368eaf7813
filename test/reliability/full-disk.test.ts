import { describe, expect, test, vi } from 'vitest';
import { succeed, whileServing } from '../support/riskops.js';
import { baseProject, expectServes, predict } from './support/base.js';
import { commands, expectHonest } from './support/fault.js';
import { smallDisk, whyNoDisk } from './support/tmpfs.js';

vi.setConfig({ testTimeout: 240_000 });
const copy = baseProject();

describe.skipIf(whyNoDisk)(`a disk that is full${whyNoDisk ? ` (skipped: ${whyNoDisk})` : ''}`, () => {
  test.each(commands)('%s with ever less room is done or refused, and never half', async (_, change) => {
    const ends: string[] = [];
    for (const left of [0, 60, 4000]) {
      const disk = smallDisk();
      copy(disk.folder);
      disk.fill(left);
      ends.push((await expectHonest(disk.folder, change, [], disk.empty)).end);
    }
    expect(ends[0]).toBe('refused');
    expect(ends.at(-1)).toBe('done');
  });

  test.each([0, 8])('with %i KiB left, runs, models and history are still told', async (left) => {
    const disk = smallDisk();
    copy(disk.folder);
    disk.fill(left);
    const { items } = await succeed<{ items: { run_id: string }[] }>(disk.folder, ['runs', 'list']);
    expect(items).toHaveLength(4);
    await succeed(disk.folder, ['runs', 'show', items[0].run_id]);
    await succeed(disk.folder, ['models', 'show', 'loans']);
    expect((await succeed<{ items: unknown[] }>(disk.folder, ['history'])).items).toHaveLength(2);
    await succeed(disk.folder, ['doctor']);
  });

  test('a server starts and answers', async () => {
    const disk = smallDisk();
    copy(disk.folder);
    disk.fill(0);
    await expectServes(disk.folder, 1);
  });

  test('the disk of a server fills up under load: each prediction is answered, /ready says degraded, and no more when there is room', async () => {
    const disk = smallDisk();
    copy(disk.folder);
    await whileServing(disk.folder, ['--port', '0'], async (url) => {
      const ready = async () => (await (await fetch(`${url}/ready`)).json()) as { degraded: boolean };
      expect((await predict(url)).status).toBe(200);
      disk.fill(0);
      const answers = await Promise.all(Array.from({ length: 200 }, () => predict(url)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      await vi.waitFor(
        async () => expect(await ready()).toMatchObject({ ready: true, degraded: true }),
        20_000,
      );
      const dropped = /^riskops_prediction_log_dropped_rows(?:_total)? (\d+)$/m;
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(dropped);
      disk.empty();
      await vi.waitFor(
        async () => expect(await ready()).toMatchObject({ ready: true, degraded: false }),
        20_000,
      );
      expect((await predict(url)).status).toBe(200);
    });
  });
});
