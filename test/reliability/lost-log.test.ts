import { copyFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runDoctor } from '../../src/checks/doctor/doctor.js';
import { trainModel } from '../../src/pipeline/train.js';
import { openStore } from '../../src/storage/open-store.js';
import { planFor } from '../pipeline/plan.js';
import { placesIn } from '../storage/rows.js';
import { buildChild } from '../support/child-entry.js';
import { baseProject } from './support/base.js';
import { readRecord } from './support/fault.js';
import { killAt } from './support/killed-process.js';
import { findSound } from './support/sound-store.js';

const copy = baseProject();
let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

/** Kills a process while it logs, so that what it wrote stands in the write-ahead log alone; the path of that log. */
async function logOfKilled(folder: string): Promise<string> {
  const { wasKilled, lines } = await killAt(child, ['log', folder], { lines: 60, waitMs: 0 });
  expect(wasKilled).toBe(true);
  // So few that none of it was moved into the file yet.
  expect(lines.length).toBeLessThan(200);
  const log = `${placesIn(folder).database}-wal`;
  expect(statSync(log).size).toBeGreaterThan(4096);
  return log;
}

function removeLog(folder: string): void {
  for (const end of ['-wal', '-shm']) rmSync(placesIn(folder).database + end, { force: true });
}

test('a log that is deleted after a kill: the store is what it was at the last checkpoint, and sound', async () => {
  const folder = copy();
  const before = await readRecord(folder);
  await logOfKilled(folder);
  removeLog(folder);
  expect(await readRecord(folder)).toEqual(before);
  await findSound(folder);
});

test("another store's log in the place of one's own is found by the doctor, never a silent mix", async () => {
  const [own, foreign] = [copy(), copy()];
  const store = await openStore(placesIn(own), { mode: 'write' });
  await trainModel(store, planFor(own, { seed: 9 }), { root: own });
  await store.close();
  removeLog(own);
  copyFileSync(await logOfKilled(foreign), `${placesIn(own).database}-wal`);
  const { ok, findings } = await runDoctor({ places: placesIn(own) });
  expect(ok).toBe(false);
  expect(findings.some(({ severity }) => severity === 'error')).toBe(true);
});
