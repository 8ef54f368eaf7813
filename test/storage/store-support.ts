import { expect, onTestFinished } from 'vitest';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';
import { temporaryFolder } from '../support/temporary.js';
import { placesIn, pointOf, runRow } from './rows.js';

/** An open store in `folder`, closed when the test ends. */
export async function storeIn(folder: string, mode: 'read' | 'write' = 'write'): Promise<Store> {
  const store = await openStore(placesIn(folder), { mode });
  onTestFinished(() => store.close());
  return store;
}

/** An open store with the run `r`. */
export async function storeWithRun(folder = temporaryFolder()): Promise<Store> {
  const store = await storeIn(folder);
  await store.write((t) => t.insertInto('runs').values(runRow('r')).execute());
  return store;
}

/** A closed store with a run and 2,000 metric points; gives its database file. */
export async function closedStore(folder: string): Promise<string> {
  const store = await openStore(placesIn(folder), { mode: 'write' });
  await store.write((t) => t.insertInto('runs').values(runRow('r')).execute());
  await store.insertMetrics(Array.from({ length: 2000 }, (_, i) => pointOf('r', 'm', i, i)));
  await store.close();
  return store.places.database;
}

/** Matches an error of this code whose reason fits and whose message is one line. */
export function refusal(code: string, why: RegExp) {
  return expect.objectContaining({
    code,
    why: expect.stringMatching(why),
    message: expect.not.stringContaining('\n'),
  });
}
