import { readModelFile } from '../../models/model-file.js';
import type { DoctorCheck, Finding } from './check.js';
import { findingOf } from './doctor-finding.js';

/** Every version's file: its hash, its structure, its golden rows. */
export const modelFiles: DoctorCheck = {
  name: 'model files',
  async run({ store }) {
    if (!store) return [];
    const versions = await store.db
      .selectFrom('versions')
      .select(['model', 'version', 'path', 'sha256'])
      .execute();
    const findings: Omit<Finding, 'check'>[] = [];
    for (const { model, version, path, sha256 } of versions) {
      try {
        await readModelFile(store.blobs.path(path), { sha256 });
      } catch (error) {
        findings.push({
          ...findingOf(error),
          message: `${model} version ${version}: ${findingOf(error).message}`,
          path,
        });
      }
    }
    return findings.length > 0
      ? findings
      : [{ severity: 'ok', message: `${versions.length} model file(s) are whole.` }];
  },
};
