import type { Kysely } from 'kysely';
import { RiskopsError } from '../errors.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import {
  checkPlainFile,
  isSameEntry,
  type Pointer,
  type PointerEntry,
  readPointer,
  writePointer,
} from './pointer-file.js';
import { isSameRetired } from './retired-entry.js';

export { type Pointer, type PointerEntry, readPointer } from './pointer-file.js';

/**
 * same: the pointer says what the database says. behind: it is missing, unreadable or older. foreign: it names a
 * promotion that this database has no record of, so it was written from another database, or from this one before
 * an older copy of it was put back.
 */
export interface PointerState {
  state: 'same' | 'behind' | 'foreign';
  /** One line for each difference. */
  differences: string[];
}

interface Comparison {
  differences: string[];
  /** The promotions that the file names. */
  named: string[];
}

/** A pointer has room for the models that are served; those that are not may not crowd it. */
const MOST_RETIRED = 100;
const MAX_RETIRED_REASON = 200;
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 100;

/** The newest retirements of models that nothing was made current of since. */
async function retiredFromRows(db: Kysely<Database>): Promise<Pick<Pointer, 'retired'>> {
  const rows = await db
    .selectFrom('promotions as p')
    .where('p.action', '=', 'retire')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('promotions as later')
            .select('later.sequence')
            .whereRef('later.model', '=', 'p.model')
            .whereRef('later.sequence', '>', 'p.sequence')
            .where('later.action', '!=', 'approve'),
        ),
      ),
    )
    .select(['p.model', 'p.from_version', 'p.actor', 'p.reason', 'p.promoted_at', 'p.promotion_id'])
    .orderBy('p.sequence', 'desc')
    .limit(MOST_RETIRED)
    .execute();
  const retired: NonNullable<Pointer['retired']> = Object.create(null);
  for (const { model, from_version, actor, reason, promoted_at, promotion_id } of rows)
    retired[model] = {
      version: Number(from_version),
      actor,
      // A cut through a pair of surrogates would not come back as it was written.
      reason: Buffer.from(reason.slice(0, MAX_RETIRED_REASON), 'utf8').toString('utf8'),
      retired_at: promoted_at,
      promotion_id,
    };
  return rows.length === 0 ? {} : { retired };
}

async function pointerFromRows(db: Kysely<Database>): Promise<Pointer> {
  const rows = await db
    .selectFrom('current_versions as c')
    .innerJoin('versions as v', (join) =>
      join.onRef('v.model', '=', 'c.model').onRef('v.version', '=', 'c.version'),
    )
    .innerJoin('promotions as p', 'p.promotion_id', 'c.promotion_id')
    .select(['c.model', 'v.version', 'v.run_id', 'v.path', 'p.promoted_at', 'p.promotion_id'])
    // What was promoted is what is served: a version whose row was exchanged since does not load.
    .select((e) => e.fn.coalesce('p.model_sha256', 'v.sha256').as('sha256'))
    .execute();
  const models: Pointer['models'] = Object.create(null);
  for (const { model, ...entry } of rows) models[model] = entry;
  return { format: 1, models, ...(await retiredFromRows(db)) };
}

function entryDifference(file: PointerEntry | undefined, row: PointerEntry | undefined): string {
  const show = (entry?: PointerEntry) => (entry === undefined ? 'none' : `version ${entry.version}`);
  if (show(file) !== show(row)) return `current.json has ${show(file)}, the database ${show(row)}`;
  const differ = (['run_id', 'path', 'sha256', 'promoted_at', 'promotion_id'] as const).filter(
    (key) => file?.[key] !== row?.[key],
  );
  return `current.json and the database have ${show(row)} with another ${differ.join(', ')}`;
}

/** How the file differs from the rows. A file that no reader would take differs; one that the disk refuses is an error. */
function comparePointer(path: string, rows: Pointer): Comparison {
  let pointer: Pointer | null;
  try {
    pointer = readPointer(path);
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'POINTER_INVALID') throw error;
    return { differences: [`current.json is not valid: ${error.why}`], named: [] };
  }
  const models = pointer?.models ?? {};
  const names = [...new Set([...Object.keys(rows.models), ...Object.keys(models)])].sort();
  if (pointer === null) {
    const isEmpty = names.length === 0 && rows.retired === undefined;
    return { differences: isEmpty ? [] : ['current.json is missing'], named: [] };
  }
  const differences = names
    .filter((name) => !isSameEntry(models[name], rows.models[name]))
    .map((name) => `${name}: ${entryDifference(models[name], rows.models[name])}`);
  if (!isSameRetired(pointer.retired, rows.retired))
    differences.push('current.json tells otherwise than the database why models were retired');
  const named = [...Object.values(models), ...Object.values(pointer.retired ?? {})];
  return { differences, named: named.map((entry) => entry.promotion_id) };
}

async function areOnRecord(db: Kysely<Database>, promotionIds: string[]): Promise<boolean> {
  for (let at = 0; at < promotionIds.length; at += 500) {
    const some = [...new Set(promotionIds.slice(at, at + 500))];
    const rows = await db
      .selectFrom('promotions')
      .select('promotion_id')
      .where('promotion_id', 'in', some)
      .execute();
    if (rows.length < some.length) return false;
  }
  return true;
}

async function lookAtPointer(store: Store): Promise<PointerState> {
  const { differences, named } = comparePointer(store.places.currentModel, await pointerFromRows(store.db));
  if (differences.length === 0) return { state: 'same', differences };
  return { state: (await areOnRecord(store.db, named)) ? 'behind' : 'foreign', differences };
}

/**
 * Whether `current.json` says what the database says. A promotion that is under way looks like a pointer that is
 * behind, so a difference counts only when it stays for some looks.
 * @throws RiskopsError STORE_IO when the file cannot be read
 */
export async function pointerState(store: Store): Promise<PointerState> {
  let found = await lookAtPointer(store);
  for (let looks = 1; looks < LOOKS && found.state === 'behind'; looks++) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
    found = await lookAtPointer(store);
  }
  return found;
}

/**
 * Writes `current.json` from all current rows, read under the write lock: of two promotions at once, the later
 * write has both. Touches nothing when the file says the same already. It takes the database's word even against a
 * foreign pointer.
 * @returns whether the file was written
 * @throws RiskopsError POINTER_INVALID when a link, a folder or a special file stands there, STORE_IO, STORE_BUSY
 */
export async function projectPointer(store: Store): Promise<boolean> {
  const path = store.places.currentModel;
  return store.write(async (transaction) => {
    const rows = await pointerFromRows(transaction);
    if (comparePointer(path, rows).differences.length === 0) return false;
    writePointer(path, rows);
    return true;
  });
}

/**
 * For a writer that has opened the store: brings a pointer that is behind up to date, as after a kill between commit
 * and pointer. A foreign pointer is left for `riskops doctor --fix` (`projectPointer`): a mistyped database must not
 * take away what is served.
 * @throws RiskopsError as `projectPointer`
 */
export async function repairPointer(store: Store): Promise<'same' | 'repaired' | 'foreign'> {
  const { state } = await lookAtPointer(store);
  if (state !== 'behind') return state;
  return (await projectPointer(store)) ? 'repaired' : 'same';
}

/**
 * Before a promotion: the pointer can be written, and belongs to this database.
 * @throws RiskopsError POINTER_INVALID, STORE_IO
 */
export async function checkPointerIsOurs(store: Store): Promise<void> {
  checkPlainFile(store.places.currentModel);
  if ((await lookAtPointer(store)).state !== 'foreign') return;
  throw new RiskopsError('POINTER_INVALID', {
    what: 'current.json names a promotion that this database has no record of.',
    why: `It was written from another database than ${store.places.database}, or that one was put back to an older state.`,
    fix: 'riskops doctor, which says what helps; riskops config --origin shows which database is used',
    details: { database: store.places.database, pointer: store.places.currentModel },
  });
}
