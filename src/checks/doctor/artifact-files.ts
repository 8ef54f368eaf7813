import type { Store } from '../../storage/store.js';
import { type ArtifactFault, checkArtifacts } from '../../tracking/check-artifacts.js';
import { type DoctorCheck, TOLD } from './check.js';

/** What is read without being asked; more takes longer than a person waits. */
const READ_BYTES = 256 * 1024 * 1024;

/** The artifacts of runs: their content is there, has its size and, where it is read, its hash. */
export const artifactFiles: DoctorCheck = {
  name: 'artifacts',
  async run({ store, deep }) {
    if (!store) return [];
    const { count, bytes } = await store.db
      .selectFrom('artifacts')
      .select(({ fn }) => [fn.countAll<number>().as('count'), fn.sum<number | null>('bytes').as('bytes')])
      .executeTakeFirstOrThrow();
    const contents = deep || Number(bytes ?? 0) <= READ_BYTES;
    const faults: ArtifactFault[] = [];
    let all = 0;
    for await (const fault of checkArtifacts(store, { contents })) {
      if (!(await isStillOnRecord(store, fault))) continue;
      all++;
      if (faults.length < TOLD) faults.push(fault);
    }
    if (all === 0) {
      const how = contents ? 'are whole' : 'have their size; riskops doctor --deep reads them';
      return [{ severity: 'ok', message: `${count} artifact(s) ${how}.` }];
    }
    return [
      ...faults.map(({ run_id, path, blob, why }) => ({
        severity: 'error' as const,
        message: `${path} of run ${run_id.slice(0, 8)}: ${why}.`,
        remedy: `put back a copy of the file, or riskops runs show ${run_id.slice(0, 8)}`,
        path: blob,
      })),
      ...(all > TOLD
        ? [{ severity: 'error' as const, message: `${all - TOLD} more artifacts like these.` }]
        : []),
    ];
  },
};

/** Somebody may have deleted it since the row was read. */
async function isStillOnRecord(store: Store, { run_id, path, blob }: ArtifactFault): Promise<boolean> {
  const row = await store.db
    .selectFrom('artifacts')
    .select('blob')
    .where('run_id', '=', run_id)
    .where('path', '=', path)
    .executeTakeFirst();
  return row?.blob === blob;
}
