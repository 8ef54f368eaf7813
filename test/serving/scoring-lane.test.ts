import { expect, test } from 'vitest';
import { ScoringLane } from '../../src/serving/scoring-lane.js';

const forever = { deadline: Number.POSITIVE_INFINITY, isGone: () => false };

function hold(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('every row is scored once, in slices of about 5 ms, and other work comes in between', async () => {
  const lane = new ScoringLane();
  const seen: number[] = [];
  const slices: number[] = [];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const slice = (from: number, to: number) => {
    for (let row = from; row < to; row++) seen.push(row);
    slices.push(to - from);
    hold((to - from) * 0.5);
  };
  await Promise.all([lane.run(100, 0.001, slice, forever), lane.run(100, 10, slice, forever)]);
  clearInterval(timer);
  const all = Array.from({ length: 100 }, (_, i) => i);
  expect(seen).toEqual([...all, ...all]);
  // The first guess of the first job was far too hopeful, that of the second far too careful.
  expect(slices[0]).toBe(100);
  expect(slices.slice(1).every((rows) => rows <= 20)).toBe(true);
  expect(turns).toBeGreaterThan(3);
  expect(lane.jobs).toBe(0);
});

test('a full lane, and one whose turn comes too late, turn a job away; a slow job ends itself alone', async () => {
  const lane = new ScoringLane(2);
  const soon = () => ({ deadline: performance.now() + 20, isGone: () => false });
  const slow = lane.run(100, 10, () => hold(5), soon());
  const late = lane.run(1, 1, () => {}, soon());
  await expect(lane.run(1, 1, () => {}, forever)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  await expect(slow).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
  await expect(late).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  await lane.run(1, 1, () => {}, forever);
});

test('the first of a crowd, whose turns others take, is turned away as they are; alone it is late', async () => {
  for (const code of ['SERVER_BUSY', 'REQUEST_TIMEOUT']) {
    const lane = new ScoringLane();
    let isOver = false;
    // As reading what a crowd sends does.
    const hog = () => {
      hold(10);
      if (!isOver) setImmediate(hog);
    };
    setImmediate(hog);
    const first = lane.run(1_000, 5, () => {}, { deadline: performance.now() + 40, isGone: () => false });
    const behind = code === 'SERVER_BUSY' ? lane.run(1, 1, () => {}, forever) : Promise.resolve();
    await expect(first).rejects.toMatchObject({ code });
    isOver = true;
    await behind;
  }
});

test('a job whose client went away is ended', async () => {
  const lane = new ScoringLane();
  let slices = 0;
  const job = lane.run(1000, 5, () => slices++, { ...forever, isGone: () => slices >= 3 });
  await expect(job).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
  expect(slices).toBe(3);
});
