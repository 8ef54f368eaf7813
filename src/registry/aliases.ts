import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { printable, suggestWord } from '../util/text.js';
import { getModel } from './models.js';

export interface AliasRecord {
  model: string;
  alias: string;
  version: number;
  actor: string;
  set_at: string;
}

const ALIAS = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u;
const NUMBER_LIKE = /^v?\d+$/i;
/** These words have a meaning of their own, which no alias may change. */
const TAKEN = ['current', 'latest', 'previous', 'candidate', 'none'];

/** Whether a text could be an alias; what could not is looked up as a number alone. */
export function isAliasName(text: string): boolean {
  return ALIAS.test(text) && !NUMBER_LIKE.test(text) && !TAKEN.includes(text.toLowerCase());
}

/**
 * The one spelling of an alias (Unicode NFC).
 * @throws RiskopsError OPTION_INVALID
 */
export function checkAliasName(alias: string): string {
  const canonical = alias.normalize('NFC');
  if (isAliasName(canonical)) return canonical;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(alias, 80)}" cannot be an alias.`,
    why: `An alias has up to 64 letters and digits with . _ - after the first, and is neither a number nor one of ${TAKEN.join(', ')}.`,
    fix: 'riskops models alias MODEL eu-production --version 3',
  });
}

/** A model's aliases, by name. */
export async function listAliases(store: Store, model: string): Promise<AliasRecord[]> {
  const { name } = await getModel(store, model);
  return store.db.selectFrom('aliases').selectAll().where('model', '=', name).orderBy('alias').execute();
}

function unknownAlias(model: string, alias: string, known: AliasRecord[]): RiskopsError {
  const names = known.map((one) => one.alias);
  return new RiskopsError('VERSION_NOT_FOUND', {
    what: `The model ${model} has no alias "${printable(alias, 80)}".`,
    why: names.length === 0 ? 'It has none yet.' : suggestWord(alias, names),
    fix: `riskops models show ${model}`,
    details: { model, alias, aliases: names },
  });
}

/**
 * What an alias means.
 * @throws RiskopsError MODEL_NOT_FOUND, VERSION_NOT_FOUND with the alias that was probably meant
 */
export async function getAlias(store: Store, model: string, alias: string): Promise<AliasRecord> {
  const { name } = await getModel(store, model);
  const canonical = alias.normalize('NFC');
  const known = await listAliases(store, name);
  const found = known.find((one) => one.alias === canonical);
  if (found === undefined) throw unknownAlias(name, alias, known);
  return found;
}
