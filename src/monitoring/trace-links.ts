import { statSync } from 'node:fs';
import type { PromotionRow } from '../registry/audit.js';
import type { Store } from '../storage/store.js';
import { readArtifact } from '../tracking/read-artifact.js';
import { sha256File } from '../util/files.js';
import type { LoggedPrediction } from './logged-prediction.js';

/** Whether a file still has the bytes on record. */
export type FileState = 'whole' | 'changed' | 'gone';

export async function stateOf(path: string, sha256: string): Promise<FileState> {
  // A pipe or a device in its place would never end.
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return 'gone';
  return (await sha256File(path)) === sha256 ? 'whole' : 'changed';
}

/** The version that answered, in the trash or not; undefined when it is no longer on record. */
export function findTracedVersion(store: Store, { model, version }: LoggedPrediction) {
  return store.db
    .selectFrom('versions as v')
    .leftJoin('version_marks as k', (join) =>
      join.onRef('k.model', '=', 'v.model').onRef('k.version', '=', 'v.version'),
    )
    .select(['v.model', 'v.version', 'v.learner', 'v.run_id', 'v.path', 'v.sha256', 'v.content_sha256'])
    .select(['v.created_at', 'k.deleted_at'])
    .where('v.model', '=', model)
    .where('v.version', '=', version)
    .executeTakeFirst();
}

/** The run that made it, with what it recorded of data and code; undefined when it is gone. */
export async function findTracedRun(store: Store, runId: string) {
  const run = await store.db
    .selectFrom('runs')
    .select([
      'run_id',
      'dir_name',
      'created_at',
      'status',
      'git_commit',
      'git_branch',
      'git_dirty',
      'deleted_at',
    ])
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (run === undefined) return undefined;
  const params = await store.db
    .selectFrom('params')
    .select(['key', 'value'])
    .where('run_id', '=', runId)
    .where('key', 'in', ['data', 'data_sha256', 'split', 'seed'])
    .execute();
  return { run, params: Object.fromEntries(params.map(({ key, value }) => [key, value])) };
}

/** The promotion or rollback by which the version was current when it answered, and what else is odd about it. */
export async function findPromotion(
  store: Store,
  { model, version, at }: LoggedPrediction,
): Promise<{ promotion: PromotionRow | undefined; notes: string[] }> {
  const changes = store.db
    .selectFrom('promotions')
    .selectAll()
    .where('model', '=', model)
    .where('action', '!=', 'approve');
  const before = changes.where('promoted_at', '<=', at).orderBy('sequence', 'desc');
  const own = await before.where('to_version', '=', version).limit(1).executeTakeFirst();
  if (own === undefined) {
    const first = await changes
      .where('to_version', '=', version)
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst();
    const notes = ['Its promotion bears a later time than the answer: a clock was set.'];
    return { promotion: first, notes: first === undefined ? [] : notes };
  }
  const last = await before.limit(1).executeTakeFirst();
  if (last === undefined || last.sequence === own.sequence) return { promotion: own, notes: [] };
  const then = last.to_version === null ? 'none was current' : `version ${last.to_version} was current`;
  return {
    promotion: own,
    notes: [
      `By the clock ${then} when it answered: the request had begun before, or the server had not seen it yet.`,
    ],
  };
}

/** What the gate found, as it was kept. */
export interface TracedGate {
  sha256: string;
  run_id: string;
  path: string;
  report: Record<string, unknown>;
}

/** The report that a promotion was judged by; of a rollback, the one by which the version had been promoted before. */
export async function findGateReport(
  store: Store,
  promotion: PromotionRow,
): Promise<{ gate: TracedGate | null; missing: string | null }> {
  const without = (missing: string) => ({ gate: null, missing });
  const sha256 =
    promotion.action === 'promote' ? promotion.gate_report_sha256 : await reportBefore(store, promotion);
  if (sha256 === null) return without('the promotion names no gate report');
  // The report is kept with the run of the version that it judged.
  const artifact = await store.db
    .selectFrom('versions as v')
    .innerJoin('artifacts as a', 'a.run_id', 'v.run_id')
    .select(['a.run_id', 'a.path'])
    .where('v.model', '=', promotion.model)
    .where('v.version', '=', promotion.to_version)
    .where('a.sha256', '=', sha256)
    .limit(1)
    .executeTakeFirst();
  if (artifact === undefined) return without(`the gate report ${sha256} is no longer on record`);
  const { bytes, why } = await readArtifact(store, artifact.run_id, artifact.path);
  if (bytes === null) return without(`of run ${artifact.run_id.slice(0, 8)}, ${why}`);
  return { gate: { sha256, ...artifact, report: JSON.parse(bytes.toString('utf8')) }, missing: null };
}

async function reportBefore(
  store: Store,
  { model, to_version, sequence }: PromotionRow,
): Promise<string | null> {
  const promotion = await store.db
    .selectFrom('promotions')
    .select('gate_report_sha256')
    .where('model', '=', model)
    .where('to_version', '=', to_version)
    .where('action', '=', 'promote')
    .where('sequence', '<', sequence)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return promotion?.gate_report_sha256 ?? null;
}
