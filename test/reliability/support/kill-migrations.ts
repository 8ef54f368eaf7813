import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { latestVersion } from '../../../src/storage/database/migrations.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../../src/storage/open-store.js';
import { startRun } from '../../../src/tracking/runs.js';
import { seededRandom } from '../../../src/util/random.js';
import { placesIn } from '../../storage/rows.js';
import { contentOf } from './content.js';
import { countRound, type KillFigures, type KillOptions, noFigures } from './kill-figures.js';
import { killAt } from './killed-process.js';
import { makeOlder } from './older-store.js';
import { makeProject } from './project.js';
import { runToEnd } from './run-to-end.js';
import { unfinishedFiles } from './sound-store.js';

/** Each round migrates a fresh copy of one store of schema version 1. */
export async function killMigrations(
  folder: string,
  { rounds, seed, child }: KillOptions,
): Promise<KillFigures> {
  const random = seededRandom(seed);
  const latest = latestVersion();
  const original = join(folder, 'original');
  const content = await makeOriginal(original);
  const whole = await wholeMigration(join(folder, 'whole'), original, child);
  const figures = { ...noFigures(), before: 0, after: 0 };
  for (let round = 0; round < rounds; round++) {
    const copy = join(folder, `round ${round}`);
    cpSync(original, copy, { recursive: true });
    const { database } = placesIn(copy);
    const killed = await killAt(child, ['open', copy], {
      lines: 1,
      waitMs: random() * whole * 1.3,
    });
    const version = versionOf(database);
    assert.ok(version === 1 || version === latest, `version ${version}`);
    if (killed.lines.length > 1) assert.equal(version, latest);
    assert.deepEqual(contentOf(database), content);
    const backups = readdirSync(dirname(database)).filter((name) => /\.bak-\d+-\d+$/.test(name));
    if (version === latest) assert.deepEqual(backups, [`riskops.db.bak-1-${latest}`]);
    for (const backup of backups) assert.deepEqual(contentOf(join(dirname(database), backup)), content);
    if (unfinishedFiles(copy).length > 0) figures.unfinished++;
    figures[version === 1 ? 'before' : 'after']++;
    // The next one that opens it goes on.
    await (await openStore(placesIn(copy), { mode: 'write' })).close();
    assert.equal(versionOf(database), latest);
    assert.deepEqual(contentOf(database), content);
    figures.acknowledged += killed.lines.length - 1;
    await countRound(figures, copy, killed);
    rmSync(copy, { recursive: true });
  }
  return figures;
}

/** A store with trained and promoted versions and six thousand points, brought back to schema version 1. */
async function makeOriginal(folder: string): Promise<unknown> {
  mkdirSync(folder);
  await makeProject(folder, 2, [1]);
  const store = await openStore(placesIn(folder), { mode: 'write' });
  for (let i = 0; i < 6; i++) {
    const run = await startRun(store, {
      kind: 'train',
      cwd: folder,
      params: { depth: i },
      tags: { team: '위험' },
    });
    for (let step = 0; step < 1000; step++)
      run.logMetrics({ loss: step === 7 ? Number.NaN : i / (step + 1) }, step);
    await run.end();
  }
  await store.close();
  const { database } = placesIn(folder);
  const content = contentOf(database);
  await makeOlder(placesIn(folder));
  assert.equal(versionOf(database), 1);
  assert.deepEqual(contentOf(database), content);
  return content;
}

/** How long a migration takes that nobody disturbs, in ms by its own clock. */
async function wholeMigration(copy: string, original: string, child: string): Promise<number> {
  cpSync(original, copy, { recursive: true });
  const { stdout } = await runToEnd(process.execPath, [child, 'open', copy], copy);
  return Number(/opened (.+)/.exec(stdout)?.[1]);
}

function versionOf(database: string): unknown {
  const raw = openConnection(database, { readonly: true });
  const version = raw.pragma('user_version', { simple: true });
  raw.close();
  return version;
}
