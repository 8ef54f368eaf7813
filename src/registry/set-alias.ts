import type { Store } from '../storage/store.js';
import { type AliasRecord, checkAliasName, getAlias } from './aliases.js';
import { actorText } from './record-text.js';
import { getVersion } from './versions.js';

export interface AliasChange {
  model: string;
  alias: string;
  version: number;
  actor: string;
}

/**
 * Gives a version a free name, or moves the name to it.
 * @throws RiskopsError OPTION_INVALID, MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function setAlias(
  store: Store,
  { model, alias, actor, version }: AliasChange,
): Promise<AliasRecord> {
  const name = checkAliasName(alias);
  const { model: owner } = await getVersion(store, model, version);
  const row = {
    model: owner,
    alias: name,
    version,
    actor: actorText(actor),
    set_at: new Date().toISOString(),
  };
  const { set_at } = row;
  await store.write((transaction) =>
    transaction
      .insertInto('aliases')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['model', 'alias']).doUpdateSet({ version, actor: row.actor, set_at }),
      )
      .execute(),
  );
  return row;
}

/**
 * Takes a name away; the version stays.
 * @returns what the alias meant
 * @throws RiskopsError MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function removeAlias(store: Store, model: string, alias: string): Promise<AliasRecord> {
  const found = await getAlias(store, model, alias);
  await store.write((transaction) =>
    transaction
      .deleteFrom('aliases')
      .where('model', '=', found.model)
      .where('alias', '=', found.alias)
      .execute(),
  );
  return found;
}
