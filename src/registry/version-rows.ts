import type { Selectable } from 'kysely';
import type { VersionsTable } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { numberFromJson } from '../util/json.js';

/** current: the one served. previous: it was current once. candidate: it was never promoted. */
export type Stage = 'current' | 'previous' | 'candidate';

export interface VersionRecord extends Omit<Selectable<VersionsTable>, 'metrics_json'> {
  metrics: Record<string, number>;
  stage: Stage;
}

function parseMetrics(text: string): Record<string, number> {
  const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([key, value]) => [key, numberFromJson(value) ?? Number.NaN]));
}

/** Versions with what their stage is told from. */
export function selectVersions(store: Store) {
  return store.db
    .selectFrom('versions as v')
    .selectAll('v')
    .select(({ selectFrom, exists }) => [
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
          .whereRef('p.to_version', '=', 'v.version'),
      ).as('was_promoted'),
    ]);
}

type VersionRow = Awaited<ReturnType<ReturnType<typeof selectVersions>['execute']>>[number];

export function toRecord({ metrics_json, is_current, was_promoted, ...row }: VersionRow): VersionRecord {
  const stage = is_current ? 'current' : was_promoted ? 'previous' : 'candidate';
  return { ...row, metrics: parseMetrics(metrics_json), stage };
}
