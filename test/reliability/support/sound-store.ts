import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { runDoctor } from '../../../src/checks/doctor/doctor.js';
import { readPointer } from '../../../src/registry/current.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { Store } from '../../../src/storage/store.js';
import { sha256File } from '../../../src/util/files.js';
import { placesIn } from '../../storage/rows.js';

/** What a store looked like when somebody came back to it. */
export interface FoundStore {
  /** current.json named the promotion before the last. */
  isPointerBehind: boolean;
}

/**
 * Looks at a store as the next day does: nothing in it may be half. Before a mend the doctor may name a pointer that is behind, and
 * nothing else as an error; after `doctor --fix` it is well.
 */
export async function findSound(folder: string): Promise<FoundStore> {
  const places = placesIn(folder);
  if (existsSync(places.currentModel)) assert.notEqual(readPointer(places.currentModel), null);
  if (!existsSync(places.database)) return { isPointerBehind: false };
  const errors = errorsIn(await runDoctor({ places }));
  assert.deepEqual(
    errors.filter(({ check, message }) => check !== 'pointer' || !/differs|missing/.test(message)),
    [],
  );
  const store = await openStore(places, { mode: 'write' });
  await everyFileOnRecordIsWhole(store);
  await store.close();
  await runDoctor({ places, fix: true });
  const mended = await runDoctor({ places });
  assert.deepEqual(errorsIn(mended), []);
  assert.equal(mended.ok, true);
  return { isPointerBehind: errors.length > 0 };
}

function errorsIn({ findings }: Awaited<ReturnType<typeof runDoctor>>) {
  return findings.filter(({ severity }) => severity === 'error');
}

/** Durable before visible: what a row names is there with every byte, and only whole files have names of their own. */
async function everyFileOnRecordIsWhole(store: Store): Promise<void> {
  const artifacts = await store.db.selectFrom('artifacts').select(['blob as key', 'sha256']).execute();
  const versions = await store.db.selectFrom('versions').select(['path as key', 'sha256']).execute();
  for (const { key, sha256 } of [...artifacts, ...versions])
    assert.equal(await sha256File(store.blobs.path(key)), sha256, key);
}

/** Files below a folder that a write left unfinished. */
export function unfinishedFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.includes('.tmp-'))
    .map(({ name }) => name);
}
