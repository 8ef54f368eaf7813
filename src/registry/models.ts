import type { ExpressionBuilder } from 'kysely';
import { RiskopsError } from '../errors.js';
import { checkKey } from '../storage/blobs/keys.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { printable, suggestWord, unseenCharacter } from '../util/text.js';

export interface ModelRecord {
  name: string;
  created_at: string;
  /** How many versions are on record; those in the trash are not counted. */
  versions: number;
  current: { version: number; promoted_at: string; run_id: string } | null;
  /** The newest version's number. */
  latest: number | null;
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u;
/** A model's folder stands beside the pointer, `models/current.json`, and must never stand in its place. */
const POINTER = /^current\.json/i;

/** The one spelling of a model's name (Unicode NFC), or undefined when it cannot be a model's name. */
export function canonicalName(name: string): string | undefined {
  const canonical = name.normalize('NFC');
  if (!NAME.test(canonical) || POINTER.test(canonical)) return undefined;
  try {
    checkKey(canonical);
    return canonical;
  } catch {
    return undefined;
  }
}

/**
 * A new model's name as it is kept: letters and digits of any script, `.`, `_` and `-` after the first; at most 64
 * characters. It is a folder's name too, so what no file system or no pointer could hold is refused; and what cannot be seen, with
 * which two models would look like one. `canonicalName` takes such a name, since a store may have it from before.
 * @throws RiskopsError OPTION_INVALID
 */
export function checkModelName(name: string): string {
  const canonical = canonicalName(name);
  const unseen = unseenCharacter(name);
  if (canonical !== undefined && unseen === undefined) return canonical;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(name, 80)}" cannot be a model's name.`,
    why:
      unseen === undefined
        ? 'A name has up to 64 letters and digits, with . _ - after the first; current.json and device names such as NUL are taken.'
        : `It has ${unseen}, a character that cannot be seen.`,
    fix: 'riskops train --model credit',
  });
}

/** Versions that are not in the trash. */
function kept(selectFrom: ExpressionBuilder<Database & { m: Database['models'] }, 'm'>['selectFrom']) {
  return selectFrom('versions as n')
    .leftJoin('version_marks as k', (join) =>
      join.onRef('k.model', '=', 'n.model').onRef('k.version', '=', 'n.version'),
    )
    .where('k.deleted_at', 'is', null);
}

function selectModels(store: Store) {
  return store.db
    .selectFrom('models as m')
    .leftJoin('current_versions as c', 'c.model', 'm.name')
    .leftJoin('promotions as p', 'p.promotion_id', 'c.promotion_id')
    .leftJoin('versions as v', (join) =>
      join.onRef('v.model', '=', 'c.model').onRef('v.version', '=', 'c.version'),
    )
    .select(({ selectFrom }) => [
      'm.name',
      'm.created_at',
      'c.version',
      'p.promoted_at',
      'v.run_id',
      kept(selectFrom)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('n.model', '=', 'm.name')
        .as('versions'),
      kept(selectFrom)
        .select(({ fn }) => fn.max('n.version').as('latest'))
        .whereRef('n.model', '=', 'm.name')
        .as('latest'),
    ]);
}

type ModelRow = Awaited<ReturnType<ReturnType<typeof selectModels>['execute']>>[number];

function toRecord({
  name,
  created_at,
  versions,
  latest,
  version,
  promoted_at,
  run_id,
}: ModelRow): ModelRecord {
  const isPromoted = version !== null && promoted_at !== null && run_id !== null;
  return {
    name,
    created_at,
    versions: Number(versions ?? 0),
    current: isPromoted ? { version, promoted_at, run_id } : null,
    latest: latest === null ? null : Number(latest),
  };
}

/** All models, by name; not those whose versions are all in the trash. */
export async function listModels(store: Store): Promise<ModelRecord[]> {
  const models = (await selectModels(store).orderBy('m.name').execute()).map(toRecord);
  return models.filter(({ versions }) => versions > 0);
}

async function modelNames(store: Store): Promise<string[]> {
  return (await listModels(store)).map(({ name }) => name);
}

/**
 * One model.
 * @throws RiskopsError MODEL_NOT_FOUND, with the name that was probably meant
 */
export async function getModel(store: Store, name: string): Promise<ModelRecord> {
  const row = await selectModels(store).where('m.name', '=', name.normalize('NFC')).executeTakeFirst();
  if (row !== undefined) return toRecord(row);
  const known = await modelNames(store);
  throw new RiskopsError('MODEL_NOT_FOUND', {
    what: `There is no model "${printable(name, 80)}".`,
    why: known.length === 0 ? 'No model was trained in this store yet.' : suggestWord(name, known),
    fix: known.length === 0 ? 'riskops train' : 'riskops models list',
    details: { known },
  });
}

/**
 * The model that a command means: the one asked for, else the config's default, else the only one.
 * @throws RiskopsError MODEL_NOT_FOUND, MODEL_AMBIGUOUS (it names them), NO_CURRENT_MODEL when there is none at all
 */
export async function chooseModel(
  store: Store,
  { asked, configured }: { asked?: string; configured?: string } = {},
): Promise<string> {
  const wanted = asked ?? configured;
  if (wanted !== undefined) return (await getModel(store, wanted)).name;
  const known = await modelNames(store);
  if (known.length === 1) return known[0];
  if (known.length === 0) {
    throw new RiskopsError('NO_CURRENT_MODEL', {
      what: 'There is no model yet.',
      why: 'Nothing was trained in this store.',
      fix: 'riskops train --promote',
    });
  }
  throw new RiskopsError('MODEL_AMBIGUOUS', {
    what: 'There are several models, and none was chosen.',
    why: suggestNames(known),
    fix: `add --model ${known[0]} to the command, or set "model" in riskops.config`,
    details: { known },
  });
}

function suggestNames(known: readonly string[]): string {
  const shown = known.slice(0, 12).join(', ');
  return `The store has ${known.length}: ${shown}${known.length > 12 ? ', ...' : ''}.`;
}
