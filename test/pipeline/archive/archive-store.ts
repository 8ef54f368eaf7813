import { join } from 'node:path';
import { type ExportChoice, type Exported, exportStore } from '../../../src/pipeline/archive/export-store.js';
import { type Imported, importStore, unpackExport } from '../../../src/pipeline/archive/import-store.js';
import type { ArchiveLimits } from '../../../src/pipeline/archive/manifest.js';
import { promoteVersion } from '../../../src/registry/promote.js';
import { getVersion } from '../../../src/registry/versions.js';
import type { Store } from '../../../src/storage/store.js';
import { addArtifact } from '../../../src/tracking/artifacts.js';
import { addVersion, openTestStore, placesIn } from '../../registry/support/registry-store.js';
import { temporaryFolder } from '../../support/temporary.js';

/** Every number that a store must keep, and some of the usual ones. */
const NUMBERS = [0.1, -0, 0, Number.NaN, Infinity, -Infinity, 5e-324, -1.7976931348623157e308, 1e21];

/** A store with two models of two versions, a history, artifacts, parameters that need quoting, and metrics of every kind. */
export async function fullStore(folder = temporaryFolder()): Promise<Store> {
  const store = await openTestStore(placesIn(folder));
  for (const model of ['credit', '모형']) {
    for (const prediction of [0.25, 0.5]) {
      const { run_id } = await addVersion(store, model, prediction);
      await addArtifact(store, run_id, 'plots/roc 곡선.svg', `<svg>${model}${prediction}</svg>`, 'plot');
      await addArtifact(store, run_id, 'same.txt', 'the same everywhere', 'text');
      await store.write(async (t) => {
        await t.insertInto('params').values({ run_id, key: '__proto__', value: 'a "quote"\n줄' }).execute();
        await t.insertInto('tags').values({ run_id, key: 'stage', value: '' }).execute();
      });
      const point = (value: number, i: number) => ({ run_id, key: 'odd', step: 5 - i, value, logged_ms: i });
      await store.insertMetrics(NUMBERS.map(point));
      await store.insertMetrics([point(0.5, 0), point(0.75, 0)]);
      const only = (value: number, i: number) => ({ run_id, key: `only ${i}`, step: 0, value, logged_ms: i });
      await store.insertMetrics(NUMBERS.map(only));
      const many = Array.from({ length: 1234 }, (_, i) => ({
        run_id,
        key: 'loss',
        step: i,
        value: 1 / (i + 1),
        logged_ms: i,
      }));
      await store.insertMetrics(many);
    }
    for (const version of [1, 2]) await promoteWithReport(store, model, version);
  }
  const [first, second] = await store.db.selectFrom('runs').select('run_id').orderBy('sequence').execute();
  await store.write(async (t) => {
    await t
      .updateTable('runs')
      .set({ parent_run_id: first.run_id, name: 'child', group_name: 'g' })
      .where('run_id', '=', second.run_id)
      .execute();
    await t
      .insertInto('aliases')
      .values({ model: 'credit', alias: 'eu', version: 1, actor: 'min', set_at: '2026-03-01T12:00:00.000Z' })
      .execute();
    await t
      .insertInto('version_marks')
      .values({ model: 'credit', version: 1, deleted_at: null, protected_at: '2026-03-01T12:00:00.000Z' })
      .execute();
    const use = {
      holdout_sha256: 'a'.repeat(64),
      model: 'credit',
      version: 1,
      content_sha256: 'b'.repeat(64),
      metric: 'auc',
      gain: 0.01,
      verdict: 'promote' as const,
      gate_report_sha256: 'c'.repeat(64),
      judged_at: '2026-03-01T12:00:00.000Z',
    };
    await t
      .insertInto('holdout_uses')
      .values([use, { ...use, gain: null }])
      .execute();
    await t
      .insertInto('prediction_segments')
      .values({
        first_id: '1',
        last_id: '2',
        rows: 2,
        written_at: '2026-03-01T12:00:00.000Z',
        content: Buffer.from('{"a":1}\n{"a":2}\n'),
      })
      .execute();
    const told = { observed_at: '2026-03-02T12:00:00.000Z', received_at: '2026-03-02T12:00:01.000Z' };
    await t
      .insertInto('outcomes')
      .values([
        { ...told, model: null, prediction_id: '1', entity: null, value_json: '1', actor: 'min' },
        { ...told, model: '모형', prediction_id: null, entity: '"7"', value_json: '"나쁨"', actor: 'min' },
      ])
      .execute();
  });
  return store;
}

/** Promotes as the gate would: its report is on record. */
async function promoteWithReport(store: Store, model: string, version: number): Promise<void> {
  const { run_id } = await getVersion(store, model, version);
  const report = await addArtifact(store, run_id, 'gate.json', `{"version":${version}}`, 'gate-report');
  await promoteVersion(store, {
    model,
    version,
    expectedCurrent: version === 1 ? null : version - 1,
    actor: 'min',
    reason: 'better',
    verdict: 'promote',
    gateReportSha256: report.sha256,
  });
}

/** An empty store in a folder of its own. */
export const emptyStore = (): Promise<Store> => openTestStore(placesIn(temporaryFolder()));

export async function exported(store: Store, choice: ExportChoice, name = 'a.tar'): Promise<Exported> {
  return exportStore(store, join(temporaryFolder(), name), choice);
}

export async function imported(store: Store, path: string, limits?: ArchiveLimits): Promise<Imported> {
  const unpacked = await unpackExport(path, store.places.database, { limits });
  try {
    return await importStore(store, unpacked);
  } finally {
    unpacked.remove();
  }
}
