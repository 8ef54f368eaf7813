import { sql } from 'kysely';
import { RiskopsError } from '../errors.js';
import type { ArtifactsTable } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';

/** An artifact whose content is not what is on record. */
export interface ArtifactFault {
  run_id: string;
  path: string;
  /** Its key below the artifacts folder. */
  blob: string;
  why: string;
}

type ArtifactRow = Pick<ArtifactsTable, 'run_id' | 'path' | 'blob' | 'bytes' | 'sha256'>;

const PAGE = 1000;

/**
 * The artifacts whose content is missing or damaged, in the order of where it lies. Content that many share is read once.
 * @param contents whether each file is read and its hash compared; otherwise presence and size alone
 */
export async function* checkArtifacts(
  store: Store,
  { contents = true }: { contents?: boolean } = {},
): AsyncGenerator<ArtifactFault> {
  let last: ArtifactRow | undefined;
  let why: string | undefined;
  for await (const row of artifactsByBlob(store)) {
    const isSame = last?.blob === row.blob && last.bytes === row.bytes && last.sha256 === row.sha256;
    if (!isSame) why = await faultOf(store, row, contents);
    if (why !== undefined) yield { run_id: row.run_id, path: row.path, blob: row.blob, why };
    last = row;
  }
}

async function* artifactsByBlob(store: Store): AsyncGenerator<ArtifactRow> {
  let after: ArtifactRow | undefined;
  for (;;) {
    const page: ArtifactRow[] = await store.db
      .selectFrom('artifacts')
      .select(['run_id', 'path', 'blob', 'bytes', 'sha256'])
      .$if(after !== undefined, (query) =>
        query.where(sql<boolean>`(blob, run_id, path) > (${after?.blob}, ${after?.run_id}, ${after?.path})`),
      )
      .orderBy('blob')
      .orderBy('run_id')
      .orderBy('path')
      .limit(PAGE)
      .execute();
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1);
  }
}

async function faultOf(
  store: Store,
  { blob, bytes, sha256 }: ArtifactRow,
  contents: boolean,
): Promise<string | undefined> {
  try {
    const size = store.blobs.size(blob);
    if (size === undefined) return 'its file is gone';
    if (size !== bytes) return `its file has ${size} bytes, and had ${bytes}`;
    if (contents) for await (const _ of await store.blobs.openRead(blob, { sha256 }));
    return undefined;
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return error.code === 'ARTIFACT_NOT_FOUND' ? 'its file is gone' : (error.why ?? error.message);
  }
}
