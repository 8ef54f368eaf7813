import { KnownRows, type KnownTraining } from '../datasets/known-rows.js';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { type Holdout, type HoldoutFacts, rebuildHoldout } from './holdout.js';
import { IMPORT_FORMATS } from './import-model.js';

/**
 * Reads what versions learned from, to tell which live rows they know by heart. The data is read again, and it has to be what it was, as
 * for a holdout; versions of one data and split share it.
 * @param root the project's folder, where the data is looked for
 */
export function trainingReader(
  store: Store,
  root: string,
): (version: VersionRecord) => Promise<KnownTraining> {
  const read = new Map<string, Promise<Holdout>>();
  return async (version) => {
    const { header } = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
    const facts = header.provenance['holdout'] as HoldoutFacts | undefined;
    const isImported = IMPORT_FORMATS.some((format) => format === header.learner.engine);
    if (facts === undefined || isImported)
      return { rows: null, elsewhere: true, why: 'it was imported, and nothing says what it learned from' };
    const key = JSON.stringify(facts);
    const holdout = read.get(key) ?? rebuildHoldout(store, version, facts, root);
    read.set(key, holdout);
    try {
      const { table, training } = await holdout;
      return { rows: new KnownRows(header.signature, table, training.rows, training.y) };
    } catch (error) {
      if (!(error instanceof RiskopsError)) throw error;
      const why = (error.why ?? error.message).replace(/\.$/, '');
      return { rows: null, elsewhere: false, why };
    }
  };
}
