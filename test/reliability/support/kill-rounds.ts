import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPointer } from '../../../src/registry/current.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { Store } from '../../../src/storage/store.js';
import { seededRandom } from '../../../src/util/random.js';
import { placesIn } from '../../storage/rows.js';
import { writeLoans } from '../../support/loans.js';
import { killBackups } from './kill-backups.js';
import { countRound, type KillFigures, type KillOptions, noFigures } from './kill-figures.js';
import { killMigrations } from './kill-migrations.js';
import { type KilledProcess, killAt, type Moment } from './killed-process.js';
import { makeProject } from './project.js';
import { unfinishedFiles } from './sound-store.js';

export type Kind = 'log' | 'promote' | 'save' | 'migrate' | 'backup';

/** Kills a process at random moments of one kind of work, and looks at what is left each time. Throws at the first loss. */
export async function killRounds(kind: Kind, options: KillOptions): Promise<KillFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'riskops kill '));
  try {
    if (kind === 'migrate') return await killMigrations(folder, options);
    if (kind === 'backup') return await killBackups(folder, options);
    return await killWriters(kind, folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How long after its first word a process of each kind may live: some of its rounds of work. */
const SPAN_MS = { log: 60, promote: 200, save: 400 };
/** Within it a process starts, opens the store and says its first word. */
const START_MS = 350;

async function killWriters(
  kind: 'log' | 'promote' | 'save',
  folder: string,
  { rounds, seed, child }: KillOptions,
): Promise<KillFigures> {
  const random = seededRandom(seed);
  if (kind === 'promote') await makeProject(folder, 2, [1]);
  else writeLoans(folder, 'loans.csv', 400);
  const figures = noFigures();
  let left = 0;
  for (let round = 0; round < rounds; round++) {
    const moment: Moment =
      round % 4 === 3
        ? { lines: 0, waitMs: random() * START_MS }
        : { lines: 1, waitMs: random() * SPAN_MS[kind] };
    const killed = await killAt(child, [kind, folder], moment);
    const unfinished = unfinishedFiles(folder).length;
    if (unfinished > left) figures.unfinished++;
    left = unfinished;
    if (kind === 'promote') checkPointerAge(folder, killed);
    await countRound(figures, folder, killed);
    const store = await openStore(placesIn(folder), { mode: 'write' });
    figures.acknowledged += await checkAcknowledged(store, killed.lines);
    await store.close();
  }
  return figures;
}

/** The pointer names the last promotion that was acknowledged, or a later one. */
function checkPointerAge(folder: string, { lines }: KilledProcess): void {
  const raw = openConnection(placesIn(folder).database, { readonly: true });
  const ids = raw.prepare('SELECT promotion_id FROM promotions ORDER BY sequence').pluck().all();
  raw.close();
  const named = readPointer(placesIn(folder).currentModel)?.models['loans']?.promotion_id;
  const last = lines.at(-1)?.replace('promotion ', '');
  assert.ok(ids.slice(-2).includes(named), `the pointer names ${named}`);
  if (last !== undefined)
    assert.ok(ids.indexOf(named) >= ids.indexOf(last), `the pointer is older than ${last}`);
}

/** Looks for each thing that a process said was done; how many there were. */
async function checkAcknowledged(store: Store, lines: readonly string[]): Promise<number> {
  const { db } = store;
  const run = lines.find((line) => line.startsWith('run '))?.slice(4) ?? '';
  const values = await db
    .selectFrom('metric_points as p')
    .innerJoin('metrics as m', 'm.metric', 'p.metric')
    .select(['p.step', 'p.value'])
    .where('m.run_id', '=', run)
    .execute();
  const points = new Map(values.map(({ step, value }) => [step, value]));
  const names = async (table: 'params' | 'tags') =>
    new Set(
      (await db.selectFrom(table).select('key').where('run_id', '=', run).execute()).map(({ key }) => key),
    );
  const [params, tags] = [await names('params'), await names('tags')];
  const promotions = await idsOf(store);
  const versions = await db.selectFrom('versions').select(['version', 'sha256']).execute();
  const runs = await db.selectFrom('runs').select(['run_id', 'status']).execute();
  const looks: Record<string, (words: string[]) => boolean> = {
    run: ([id]) => runs.some(({ run_id }) => run_id === id),
    point: ([step]) => points.get(Number(step)) === 1 / (Number(step) + 1),
    param: ([key]) => params.has(key),
    tag: ([key]) => tags.has(key),
    promotion: ([id]) => promotions.has(id),
    version: ([version, sha256]) =>
      versions.some((v) => String(v.version) === version && v.sha256 === sha256),
  };
  for (const line of lines) {
    const [kind, ...words] = line.split(' ');
    assert.ok(looks[kind](words), `lost: ${line}`);
  }
  return lines.length;
}

async function idsOf({ db }: Store): Promise<Set<string>> {
  const rows = await db.selectFrom('promotions').select('promotion_id').execute();
  return new Set(rows.map(({ promotion_id }) => promotion_id));
}
