import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { sha256 } from '../util/files.js';
import { type ChainCheck, verifyChain } from './audit.js';

export interface AuditCheck extends ChainCheck {
  /** Rows in the chain. */
  rows: number;
  /** The hash of the last row, to be noted elsewhere; null when there is none. */
  head: string | null;
  /** The row that has the expected hash; null when none was expected. */
  expected: { sequence: number; hash: string } | null;
  /** Gate reports that rows name and that still have their hash. */
  reports: number;
}

type Broken = NonNullable<ChainCheck['broken']>;

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
async function findNoted(store: Store, hash: string, rows: number): Promise<Broken | AuditCheck['expected']> {
  const found = await store.db
    .selectFrom('promotions')
    .select(['sequence', 'hash'])
    .where('hash', '=', hash)
    .executeTakeFirst();
  return (
    found ?? {
      sequence: rows,
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

/**
 * Checks the whole record of promotions: the chain of hashes from its first row, what is current against it, every gate
 * report that a row names, and with `expect` that a head that was noted earlier is still a part of it. Somebody who can
 * write the file can write a whole new chain; only a head noted elsewhere shows that.
 * @param expect the `head` of an earlier check
 * @throws RiskopsError OPTION_INVALID when `expect` is no SHA-256
 */
export async function verifyAudit(store: Store, { expect }: { expect?: string } = {}): Promise<AuditCheck> {
  const noted = expect === undefined ? undefined : checkHash(expect);
  const last = await lastRow(store);
  const found = { rows: last?.sequence ?? 0, head: last?.hash ?? null, expected: null, reports: 0 };
  const { broken } = await verifyChain(store);
  if (broken !== null) return { ...found, ok: false, broken };
  const anchor = noted === undefined ? null : await findNoted(store, noted, found.rows);
  if (anchor !== null && 'why' in anchor) return { ...found, ok: false, broken: anchor };
  const checked = await checkReports(store);
  const { reports } = checked;
  return { ...found, expected: anchor, reports, ok: checked.broken === null, broken: checked.broken };
}
