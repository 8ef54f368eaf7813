import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { restoreStore } from '../../../src/pipeline/archive/restore-store.js';
import { backUpDatabase } from '../../../src/storage/backup/backup-database.js';
import { sha256File } from '../../../src/util/files.js';
import { seededRandom } from '../../../src/util/random.js';
import { placesIn } from '../../storage/rows.js';
import { contentOf } from './content.js';
import { countRound, type KillFigures, type KillOptions, noFigures } from './kill-figures.js';
import { killAt } from './killed-process.js';
import { makeProject } from './project.js';

/** Within it a process makes a few copies of the database and of the whole store. */
const SPAN_MS = 250;
const UNFINISHED = /\.tmp-/;

/** Each round makes backups until it is killed. What has a name is whole, and the copies from before are as they were. */
export async function killBackups(
  folder: string,
  { rounds, seed, child }: KillOptions,
): Promise<KillFigures> {
  const random = seededRandom(seed);
  await makeProject(folder, 2, [1]);
  const { database } = placesIn(folder);
  const content = contentOf(database);
  const backups = join(folder, 'copies');
  mkdirSync(backups);
  const first = await backUpDatabase(database, { out: join(folder, 'first.db') });
  const firstHash = await sha256File(first.path);
  const figures = noFigures();
  for (let round = 0; round < rounds; round++) {
    const killed = await killAt(child, ['backup', folder], {
      lines: 1,
      waitMs: random() * SPAN_MS,
    });
    for (const line of killed.lines.slice(1)) {
      const [, name, hash] = line.split(' ');
      assert.equal(await sha256File(join(backups, name)), hash, name);
    }
    figures.acknowledged += killed.lines.length - 1;
    const names = readdirSync(backups);
    if (names.some((name) => UNFINISHED.test(name))) figures.unfinished++;
    for (const name of names.filter((name) => !UNFINISHED.test(name)))
      await expectRestorable(join(backups, name), content);
    for (const name of names) rmSync(join(backups, name), { recursive: true });
    assert.equal(await sha256File(first.path), firstHash);
    await countRound(figures, folder, killed);
  }
  return figures;
}

/** A backup that has its name gives the store back. */
async function expectRestorable(backup: string, content: unknown): Promise<void> {
  const folder = `${backup}.restored`;
  await restoreStore(placesIn(folder), backup);
  assert.deepEqual(contentOf(placesIn(folder).database), content);
  rmSync(folder, { recursive: true });
}
