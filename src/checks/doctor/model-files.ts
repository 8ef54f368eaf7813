import { RiskopsError } from '../../errors.js';
import { readModelFile } from '../../models/model-file.js';
import { selectVersions, toRecords, type VersionRecord } from '../../registry/version-rows.js';
import type { Store, StorePlaces } from '../../storage/store.js';
import type { DoctorCheck, Finding } from './check.js';
import { findingOf } from './doctor-finding.js';

type Found = Omit<Finding, 'check'>;

/** Every version's file: its hash, its structure, its golden rows. */
export const modelFiles: DoctorCheck = {
  name: 'model files',
  async run({ places, store }) {
    if (!store) return [];
    const versions = await toRecords(
      store,
      await selectVersions(store).orderBy('v.model').orderBy('v.version').execute(),
    );
    const findings: Found[] = [];
    for (const version of versions) {
      const finding = await findingAbout(store, places, version);
      if (finding !== undefined) findings.push(finding);
    }
    return findings.length > 0
      ? findings
      : [{ severity: 'ok', message: `${versions.length} model file(s) are whole.` }];
  },
};

async function findingAbout(
  store: Store,
  places: StorePlaces,
  { model, version, path, sha256, stage }: VersionRecord,
): Promise<Found | undefined> {
  try {
    await readModelFile(store.blobs.path(path), { sha256 });
    return undefined;
  } catch (error) {
    const finding = findingOf(error, places);
    const isGone = error instanceof RiskopsError && error.code === 'MODEL_FILE_NOT_FOUND';
    const message = `${model} version ${version}${stage === 'candidate' ? '' : `, ${stage === 'current' ? 'the current one' : 'which was current'}`}: ${finding.message}`;
    // Nobody is answered by a version that was never promoted, and it can be trained again.
    if (isGone && stage === 'candidate')
      return { severity: 'warning', message, remedy: 'riskops train', path };
    return { ...finding, message, path };
  }
}
