import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { verifyChain } from '../../src/registry/audit.js';
import { pointerState, readPointer, repairPointer } from '../../src/registry/current.js';
import { openStore } from '../../src/storage/open-store.js';
import type { StorePlaces } from '../../src/storage/store.js';
import { seededRandom } from '../../src/util/random.js';
import { bundleScript } from './support/bundle.js';
import type { PromoterTask } from './support/promoter.js';
import { addVersions, openTestStore } from './support/registry-store.js';

const script = await bundleScript('promoter');

interface Promoter {
  child: ChildProcess;
  /** What it printed so far: a promotion's id for each one that it was told is done. */
  lines: string[];
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string | null>;
}

function startPromoter(task: PromoterTask): Promoter {
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const ended = new Promise<number | string | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );
  return { child, lines, ended };
}

/** Reads the pointer all the time; each look finds a valid one. */
async function watchPointer(path: string, until: Promise<unknown>): Promise<number> {
  let isOver = false;
  void until.finally(() => {
    isOver = true;
  });
  let seen = 0;
  while (!isOver) {
    if (existsSync(path)) {
      expect(readPointer(path)).not.toBeNull();
      seen++;
    }
    await sleep(1);
  }
  return seen;
}

test('promotions from several processes end with the pointer equal to the database and an unbroken chain', async () => {
  const store = await openTestStore();
  await addVersions(store, 3);
  await addVersions(store, 2, '신용');
  const { places } = store;
  const tasks: PromoterTask[] = [
    { places, model: 'credit', versions: [1, 2, 3], count: 15, actor: 'a' },
    { places, model: 'credit', versions: [3, 1, 2], count: 15, actor: 'b' },
    { places, model: 'credit', versions: [2, 3, 1], count: 15, actor: 'c' },
    { places, model: '신용', versions: [1, 2], count: 15, actor: 'd' },
  ];
  const promoters = tasks.map(startPromoter);
  const all = Promise.all(promoters.map(({ ended }) => ended));
  const [codes, looks] = await Promise.all([all, watchPointer(places.currentModel, all)]);
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(looks).toBeGreaterThan(10);

  const acknowledged = promoters.flatMap(({ lines }) => lines).filter((line) => line !== 'CURRENT_CHANGED');
  const rows = await store.db
    .selectFrom('promotions')
    .select(['promotion_id', 'model', 'from_version', 'to_version'])
    .orderBy('sequence')
    .execute();
  expect(new Set(acknowledged)).toEqual(new Set(rows.map(({ promotion_id }) => promotion_id)));
  expect(rows).toHaveLength(60);
  for (const model of ['credit', '신용']) {
    const own = rows.filter((row) => row.model === model);
    // Each promotion replaced the version that it was judged against.
    expect(own.map(({ from_version }) => from_version)).toEqual([
      null,
      ...own.slice(0, -1).map(({ to_version }) => to_version),
    ]);
  }
  expect(await pointerState(store)).toEqual({ state: 'same', differences: [] });
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
});

/** One life of a promoter that is killed, what it leaves, and the repair. */
async function killOnce(places: StorePlaces, life: number, waitMs: number): Promise<void> {
  const task = { places, model: 'credit', versions: [1, 2, 3], count: 1e9, actor: `life ${life}` };
  const { child, lines, ended } = startPromoter(task);
  const watched = watchPointer(places.currentModel, ended);
  while (lines.length === 0 && child.exitCode === null) await sleep(1);
  await sleep(waitMs);
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  await watched;

  const found = readPointer(places.currentModel)?.models['credit'].promotion_id as string;
  const store = await openStore(places, { mode: 'write' });
  const rows = await store.db.selectFrom('promotions').select('promotion_id').orderBy('sequence').execute();
  const ids = rows.map(({ promotion_id }) => promotion_id);
  expect(ids).toEqual(expect.arrayContaining(lines));
  // Old or new: the last promotion, or the one before when the last had not reached the pointer.
  expect(ids.slice(-2)).toContain(found);
  expect(ids.indexOf(found)).toBeGreaterThanOrEqual(ids.indexOf(lines.at(-1) as string));

  expect(await repairPointer(store)).toBe(found === ids.at(-1) ? 'same' : 'repaired');
  expect(readPointer(places.currentModel)?.models['credit'].promotion_id).toBe(ids.at(-1));
  expect((await pointerState(store)).state).toBe('same');
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
  await store.close();
}

test('killed at any point of a promotion, the pointer is old or new, and a repair makes it equal to the database', async () => {
  const random = seededRandom(Date.now() % 1e6);
  const lives = async () => {
    const store = await openTestStore();
    await addVersions(store, 3);
    await store.close();
    for (let life = 0; life < 10; life++) await killOnce(store.places, life, random() * 40);
    const files = readdirSync(dirname(store.places.currentModel)).filter((name) =>
      /^current\.json/.test(name),
    );
    expect(files).toEqual(['current.json']);
  };
  await Promise.all([lives(), lives()]);
});
