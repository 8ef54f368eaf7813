import type { Selectable, Transaction } from 'kysely';
import type { Database, PromotionsTable } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { sha256 } from '../util/files.js';
import { toCanonicalJson } from '../util/json.js';

/** What was done to a model as it is kept: who made which version current, or none, or approved of one; when, why and on what evidence. */
export type PromotionRow = Selectable<PromotionsTable>;

export interface ChainCheck {
  ok: boolean;
  /** The first row that does not hold. */
  broken: { sequence: number; why: string } | null;
}

/** What the first row has for a previous hash. */
const BEFORE_FIRST = '0'.repeat(64);
const PAGE = 1000;

/**
 * SHA-256 of the canonical JSON (sorted keys) of all columns but `hash`, so it covers the hash of the row before. A
 * `model_sha256` that is null is left out: the first rows had no such column.
 */
function hashPromotion(row: Omit<PromotionRow, 'hash'>): string {
  const { hash: _, model_sha256, ...covered } = row as PromotionRow;
  return sha256(toCanonicalJson(model_sha256 === null ? covered : { ...covered, model_sha256 }));
}

/** Appends to the chain. The transaction holds the write lock, so no other row can come between the two statements. */
export async function appendPromotion(
  transaction: Transaction<Database>,
  change: Omit<PromotionRow, 'sequence' | 'model_sha256' | 'previous_hash' | 'hash'>,
): Promise<PromotionRow> {
  const last = await transaction
    .selectFrom('promotions')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const open = {
    ...change,
    sequence: (last?.sequence ?? 0) + 1,
    model_sha256: await modelHash(transaction, change),
    previous_hash: last?.hash ?? BEFORE_FIRST,
  };
  const row = { ...open, hash: hashPromotion(open) };
  await transaction.insertInto('promotions').values(row).execute();
  return row;
}

/** The chain names the file and not the number alone: a number can be given to another file. */
async function modelHash(
  transaction: Transaction<Database>,
  { model, to_version }: Pick<PromotionRow, 'model' | 'to_version'>,
): Promise<string | null> {
  if (to_version === null) return null;
  const { sha256 } = await transaction
    .selectFrom('versions')
    .select('sha256')
    .where('model', '=', model)
    .where('version', '=', to_version)
    .executeTakeFirstOrThrow();
  return sha256;
}

/** Why a row does not follow the one before, or undefined. */
export function rowFault(row: PromotionRow, before: PromotionRow | undefined): string | undefined {
  if (row.sequence !== (before?.sequence ?? 0) + 1)
    return `rows are missing before it: the one before is ${before?.sequence ?? 'none'}`;
  if (row.previous_hash !== (before?.hash ?? BEFORE_FIRST))
    return 'its previous_hash is not the hash of the row before';
  if (row.hash !== hashPromotion(row)) return 'its content does not have its hash';
  return undefined;
}

async function chainFault(store: Store): Promise<ChainCheck['broken']> {
  let before: PromotionRow | undefined;
  for (;;) {
    const page = await store.db
      .selectFrom('promotions')
      .selectAll()
      .where('sequence', '>', before?.sequence ?? Number.MIN_SAFE_INTEGER)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    for (const row of page) {
      const why = rowFault(row, before);
      if (why !== undefined) return { sequence: row.sequence, why };
      before = row;
    }
    if (page.length < PAGE) return null;
  }
}

/** The first row whose version is not on record any more, or is another file now. */
async function versionFault(store: Store): Promise<ChainCheck['broken']> {
  const wrong = await store.db
    .selectFrom('promotions as p')
    .leftJoin('versions as v', (join) =>
      join.onRef('v.model', '=', 'p.model').onRef('v.version', '=', 'p.to_version'),
    )
    .select(['p.sequence', 'p.model', 'p.to_version', 'v.version'])
    .where('p.to_version', 'is not', null)
    .where((e) => e.or([e('v.version', 'is', null), e('p.model_sha256', '!=', e.ref('v.sha256'))]))
    .orderBy('p.sequence')
    .limit(1)
    .executeTakeFirst();
  if (wrong === undefined) return null;
  const is =
    wrong.version === null ? 'is not on record any more' : 'has another model file on record than then';
  return { sequence: wrong.sequence, why: `version ${wrong.to_version} of ${wrong.model} ${is}` };
}

/** A model whose current version is not what its last row says. One statement, so a promotion meanwhile is seen whole or not at all. */
async function currentFault(store: Store): Promise<ChainCheck['broken']> {
  const models = await store.db
    .selectFrom('models as m')
    .leftJoin('current_versions as c', 'c.model', 'm.name')
    .leftJoin(
      ({ selectFrom }) =>
        selectFrom('promotions')
          .select(({ fn }) => ['model', fn.max('sequence').as('last')])
          .where('action', '!=', 'approve')
          .groupBy('model')
          .as('l'),
      (join) => join.onRef('l.model', '=', 'm.name'),
    )
    .leftJoin('promotions as p', 'p.sequence', 'l.last')
    .leftJoin('version_marks as t', (join) =>
      join.onRef('t.model', '=', 'c.model').onRef('t.version', '=', 'c.version'),
    )
    .select([
      't.deleted_at',
      'm.name',
      'c.version',
      'c.promotion_id as current_id',
      'p.promotion_id',
      'p.to_version',
      'p.sequence',
      'p.action',
    ])
    .execute();
  const isRight = ({ version, current_id, promotion_id, to_version, action }: (typeof models)[number]) =>
    version === to_version && current_id === (action === 'retire' ? null : promotion_id);
  const trashed = models.find(({ deleted_at }) => deleted_at !== null);
  if (trashed !== undefined)
    return {
      sequence: trashed.sequence ?? 0,
      why: `the current version of ${trashed.name} lies in the trash`,
    };
  const wrong = models.find((row) => !isRight(row));
  if (wrong === undefined) return null;
  const { name, version, to_version, sequence } = wrong;
  const why = `${name} has version ${version ?? 'none'} as current, and its last row made ${to_version ?? 'none'} current`;
  return { sequence: sequence ?? 0, why };
}

/**
 * Recomputes the chain of promotions from the first row, and checks that each version that it names is on record with
 * the file of then, and that each model's current version is the one that its last row made current.
 */
export async function verifyChain(store: Store): Promise<ChainCheck> {
  const broken = (await chainFault(store)) ?? (await versionFault(store)) ?? (await currentFault(store));
  return { ok: broken === null, broken };
}
