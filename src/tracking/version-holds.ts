import type { Kysely } from 'kysely';
import type { Database } from '../storage/database/schema.js';

/** Why a version cannot be deleted; `why` goes on after "which" or "it": `is current`. */
export interface VersionHold {
  model: string;
  version: number;
  why: string;
  /** The command that helps, or that shows why none does. */
  fix: string;
}

/** There is no flag that forces it: said where somebody would look for one. */
const FOR_GOOD = '; what a served model stands on is kept for the audit, and no flag forces it away';

interface Named {
  model: string;
  version: number;
}

/**
 * What keeps a version: it is current, was current once, was approved, has an alias or is protected. What was served, or
 * was to be, is a part of the history for good, so nothing lifts those holds.
 * @param db the transaction that deletes, so that the answer still holds when it is acted on
 */
export async function versionHold(
  db: Kysely<Database>,
  { model, version }: Named,
): Promise<VersionHold | undefined> {
  const hold = (why: string, fix: string): VersionHold => ({ model, version, why, fix });
  const history = `riskops history ${model}`;
  const { isCurrent, wasNamed, alias, isProtected } = await factsOf(db, { model, version });
  if (isCurrent) return hold(`is current${FOR_GOOD}`, history);
  if (wasNamed === 'approve') return hold(`was approved${FOR_GOOD}`, history);
  if (wasNamed !== undefined) return hold(`was current${FOR_GOOD}`, history);
  if (alias !== undefined) return hold(`has the alias ${alias}`, `riskops models show ${model}`);
  if (isProtected) return hold('is protected', `riskops models protect ${model} --version ${version} --off`);
  return undefined;
}

async function factsOf(db: Kysely<Database>, { model, version }: Named) {
  const current = await db
    .selectFrom('current_versions')
    .select('model')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  const named = await db
    .selectFrom('promotions')
    .select('action')
    .where('model', '=', model)
    .where((e) => e.or([e('from_version', '=', version), e('to_version', '=', version)]))
    // In this order an approval, which says least, comes last.
    .orderBy('action', 'desc')
    .executeTakeFirst();
  const alias = await db
    .selectFrom('aliases')
    .select('alias')
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('alias')
    .executeTakeFirst();
  const mark = await db
    .selectFrom('version_marks')
    .select('protected_at')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  return {
    isCurrent: current !== undefined,
    wasNamed: named?.action,
    alias: alias?.alias,
    isProtected: (mark?.protected_at ?? null) !== null,
  };
}
