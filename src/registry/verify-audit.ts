import { RiskopsError } from '../errors.js';
import { databaseSchemaFault } from '../storage/database/sqlite-check.js';
import type { Store } from '../storage/store.js';
import { sha256 } from '../util/files.js';
import { verifyChain } from './audit.js';

export interface AuditCheck {
  ok: boolean;
  /** What does not hold; `sequence` is null where no single row is to blame. */
  broken: { sequence: number | null; why: string } | null;
  /** Rows in the chain. */
  rows: number;
  /** The hash of the last row, to be noted elsewhere; null when there is none. */
  head: string | null;
  /** The row that has the expected hash; null when none was expected. */
  expected: { sequence: number; hash: string } | null;
  /** Gate reports that rows name and that still have their hash. */
  reports: number;
  /** Model files of versions that the history names, each as it was then; 0 when they were not looked at. */
  files: number;
}

type Broken = NonNullable<AuditCheck['broken']>;

async function lastRow(store: Store): Promise<{ sequence: number; hash: string } | undefined> {
  return store.db
    .selectFrom('promotions')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function checkHash(hash: string): string {
  const text = hash.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new RiskopsError('OPTION_INVALID', {
    what: 'The expected hash is not a SHA-256.',
    why: 'It must be the 64 hex digits that riskops audit verify printed.',
    fix: 'riskops audit verify',
  });
}

/** Why the chain is not the one whose head was noted, or the row that was the head then. */
async function findNoted(store: Store, hash: string): Promise<Broken | AuditCheck['expected']> {
  const found = await store.db
    .selectFrom('promotions')
    .select(['sequence', 'hash'])
    .where('hash', '=', hash)
    .executeTakeFirst();
  return (
    found ?? {
      sequence: null,
      why: 'no row has the hash that was noted, so rows were cut off or written anew since',
    }
  );
}

async function reportFault(store: Store, hash: string): Promise<string | undefined> {
  const kept = await store.db
    .selectFrom('artifacts')
    .select('blob')
    .where('sha256', '=', hash)
    .where('kind', '=', 'gate-report')
    .execute();
  if (kept.length === 0) return 'the gate report that it names is not on record';
  for (const { blob } of kept) {
    if (!(await store.blobs.exists(blob))) return `its gate report is gone: ${blob}`;
    if (sha256(await store.blobs.get(blob)) !== hash) return `its gate report was changed: ${blob}`;
  }
  return undefined;
}

/** The first row whose gate report is not what it was, or how many were checked. */
async function checkReports(store: Store): Promise<{ broken: Broken | null; reports: number }> {
  const rows = await store.db
    .selectFrom('promotions')
    .select(({ fn, ref }) => [fn.min('sequence').as('sequence'), ref('gate_report_sha256').as('hash')])
    .where('gate_report_sha256', 'is not', null)
    .groupBy('gate_report_sha256')
    .orderBy('sequence')
    .execute();
  for (const { sequence, hash } of rows) {
    const why = await reportFault(store, hash as string);
    if (why !== undefined) return { broken: { sequence: Number(sequence), why }, reports: 0 };
  }
  return { broken: null, reports: rows.length };
}

/** The first row whose model file is gone or changed, or how many were checked. */
async function checkFiles(store: Store): Promise<{ broken: Broken | null; files: number }> {
  const rows = await store.db
    .selectFrom('promotions as p')
    .innerJoin('versions as v', (join) =>
      join.onRef('v.model', '=', 'p.model').onRef('v.version', '=', 'p.to_version'),
    )
    .select((e) => ['v.model', 'v.version', 'v.path', 'v.sha256', e.fn.min('p.sequence').as('sequence')])
    .groupBy(['v.model', 'v.version'])
    .orderBy('sequence')
    .execute();
  for (const { model, version, path, sha256: recorded, sequence } of rows) {
    const exists = await store.blobs.exists(path);
    if (exists && sha256(await store.blobs.get(path)) === recorded) continue;
    const why = `the model file of version ${version} of ${model} ${exists ? 'was changed' : 'is gone'}: ${path}`;
    return { broken: { sequence: Number(sequence), why }, files: 0 };
  }
  return { broken: null, files: rows.length };
}

/**
 * Checks the whole record of promotions: the chain of hashes from its first row, what is current against it, every gate
 * report and model file that a row names, the triggers that guard it, and with `expect` that a head that was noted earlier is still a part of it. Somebody who can
 * write the file can write a whole new chain; only a head noted elsewhere shows that.
 * @param expect the `head` of an earlier check
 * @param files whether model files are read; true
 * @throws RiskopsError OPTION_INVALID when `expect` is no SHA-256
 */
export async function verifyAudit(
  store: Store,
  { expect, files = true }: { expect?: string; files?: boolean } = {},
): Promise<AuditCheck> {
  const noted = expect === undefined ? undefined : checkHash(expect);
  const last = await lastRow(store);
  const found = { rows: last?.sequence ?? 0, head: last?.hash ?? null, expected: null, reports: 0, files: 0 };
  const { broken } = await verifyChain(store);
  if (broken !== null) return { ...found, ok: false, broken };
  const anchor = noted === undefined ? null : await findNoted(store, noted);
  if (anchor !== null && 'why' in anchor) return { ...found, ok: false, broken: anchor };
  const checked = await checkReports(store);
  const { reports } = checked;
  const read = files ? await checkFiles(store) : { broken: null, files: 0 };
  const schema = await databaseSchemaFault(store.places.database);
  const fault =
    checked.broken ?? read.broken ?? (schema === undefined ? null : { sequence: null, why: schema });
  return { ...found, expected: anchor, reports, files: read.files, ok: fault === null, broken: fault };
}
