import type { Selectable } from 'kysely';
import type { VersionsTable } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { numberFromJson } from '../util/json.js';

/** current: the one served. previous: it was current once. candidate: it was never promoted. */
export type Stage = 'current' | 'previous' | 'candidate';

export interface VersionRecord extends Omit<Selectable<VersionsTable>, 'metrics_json'> {
  metrics: Record<string, number>;
  stage: Stage;
  /** It cannot be deleted. */
  protected: boolean;
  /** Free names that mean this version. */
  aliases: string[];
  /** In the trash since; null where it is not. */
  deleted_at: string | null;
}

function parseMetrics(text: string): Record<string, number> {
  const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([key, value]) => [key, numberFromJson(value) ?? Number.NaN]));
}

/** Versions with what their stage is told from, those in the trash as well. */
export function selectAllVersions(store: Store) {
  return store.db
    .selectFrom('versions as v')
    .leftJoin('version_marks as k', (join) =>
      join.onRef('k.model', '=', 'v.model').onRef('k.version', '=', 'v.version'),
    )
    .selectAll('v')
    .select(({ selectFrom, exists }) => [
      'k.deleted_at',
      'k.protected_at',
      exists(
        selectFrom('current_versions as c')
          .select('c.model')
          .whereRef('c.model', '=', 'v.model')
          .whereRef('c.version', '=', 'v.version'),
      ).as('is_current'),
      exists(
        selectFrom('promotions as p')
          .select('p.model')
          .whereRef('p.model', '=', 'v.model')
          .whereRef('p.to_version', '=', 'v.version')
          .where('p.action', '!=', 'approve'),
      ).as('was_promoted'),
    ]);
}

/** Versions that are not in the trash. */
export function selectVersions(store: Store) {
  return selectAllVersions(store).where('k.deleted_at', 'is', null);
}

type VersionRow = Awaited<ReturnType<ReturnType<typeof selectAllVersions>['execute']>>[number];

/** Rows as records, with their aliases. */
export async function toRecords(store: Store, rows: VersionRow[]): Promise<VersionRecord[]> {
  const models = [...new Set(rows.map(({ model }) => model))];
  const named =
    models.length === 0
      ? []
      : await store.db
          .selectFrom('aliases')
          .select(['model', 'alias', 'version'])
          .where('model', 'in', models)
          .orderBy('alias')
          .execute();
  return rows.map(({ metrics_json, is_current, was_promoted, protected_at, ...row }) => ({
    ...row,
    metrics: parseMetrics(metrics_json),
    stage: is_current ? 'current' : was_promoted ? 'previous' : 'candidate',
    protected: protected_at !== null,
    aliases: named
      .filter(({ model, version }) => model === row.model && version === row.version)
      .map(({ alias }) => alias),
  }));
}

/** One row as a record; undefined when there is none. */
export async function toRecord(
  store: Store,
  row: VersionRow | undefined,
): Promise<VersionRecord | undefined> {
  return row && (await toRecords(store, [row]))[0];
}
