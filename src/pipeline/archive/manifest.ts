import { RiskopsError } from '../../errors.js';
import { parseStrictJson } from '../../models/strict-json.js';
import { latestVersion } from '../../storage/database/migrations.js';
import { packageVersion } from '../../util/package.js';
import { printable } from '../../util/text.js';

/** A file in an archive. */
export interface Member {
  name: string;
  bytes: number;
  sha256: string;
}

/** `export`: records and files of runs and models. `backup`: the database itself, and the files it refers to. */
export type ArchiveKind = 'export' | 'backup';

/** `manifest.json`, the first file of every archive. */
export interface Manifest {
  kind: ArchiveKind;
  riskops_version: string;
  schema_version: number;
  /** What is in it, for people. */
  counts: Record<string, number>;
  /** SHA-256 of files that were on record and could not be read when the archive was made. */
  missing: string[];
  /** In the order of the archive, sorted by name. */
  members: Member[];
}

export interface ArchiveLimits {
  /** How many bytes an archive may have, unpacked. */
  bytes: number;
  /** How many times its own size it may unpack to. */
  ratio: number;
}

export const defaultLimits: ArchiveLimits = { bytes: 20 * 2 ** 30, ratio: 200 };

export const MANIFEST = 'manifest.json';
/** Half a million files have a manifest of this size. */
export const MANIFEST_BYTES = 64 * 2 ** 20;
const FORMAT = 'riskops-archive';
const FORMAT_VERSION = 1;

const FILE = /^files\/([0-9a-f]{64})$/;
const NAMES: Record<ArchiveKind, RegExp> = {
  export: /^(files\/[0-9a-f]{64}|records\/(predictions|registry|runs|versions)\.ndjson)$/,
  backup: /^(files\/[0-9a-f]{64}|database\.db)$/,
};

export const fileMember = (sha256: string) => `files/${sha256}`;

export function archiveInvalid(what: string, why?: string): RiskopsError {
  return new RiskopsError('ARCHIVE_INVALID', { what: `The archive is refused: ${what}.`, why });
}

/** The manifest's text; the same content gives the same bytes. */
export function manifestText(manifest: Omit<Manifest, 'riskops_version' | 'schema_version'>): string {
  const { kind, counts, missing, members } = manifest;
  const text = JSON.stringify({
    format: FORMAT,
    format_version: FORMAT_VERSION,
    kind,
    riskops_version: packageVersion(),
    schema_version: latestVersion(),
    counts,
    missing: [...missing].sort(),
    members: members.map(({ name, bytes, sha256 }) => [name, bytes, sha256]),
  });
  return `${text}\n`;
}

/**
 * The manifest of an archive that nobody vouches for.
 * @throws ARCHIVE_INVALID, STORE_VERSION for an archive of a newer riskops
 */
export function parseManifest(text: string, kind: ArchiveKind): Manifest {
  let json: unknown;
  try {
    json = parseStrictJson(text, { depth: 4, values: 5_000_000 });
  } catch (error) {
    throw archiveInvalid('its manifest is not JSON', printable((error as Error).message));
  }
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (fields['format'] !== FORMAT) throw archiveInvalid('it is no archive of riskops');
  if (fields['kind'] !== kind) throw wrongKind(kind);
  const { format_version, schema_version } = fields;
  if (format_version !== FORMAT_VERSION || !isCount(schema_version) || schema_version > latestVersion())
    throw newerArchive(format_version, schema_version);
  return {
    kind,
    riskops_version: printable(String(fields['riskops_version']), 40),
    schema_version,
    counts: countsOf(fields['counts']),
    missing: listOf(fields['missing'], 'missing').map(hashOf),
    members: membersOf(fields['members'], kind),
  };
}

function membersOf(given: unknown, kind: ArchiveKind): Member[] {
  let last = '';
  return listOf(given, 'members').map((item) => {
    const [name, bytes, sha256] = Array.isArray(item) ? item : [];
    if (typeof name !== 'string' || !NAMES[kind].test(name))
      throw archiveInvalid(`"${printable(String(name), 100)}" cannot be the name of a file in it`);
    if (name <= last) throw archiveInvalid(`its files are not in order at ${name}, or one is there twice`);
    if (!isCount(bytes)) throw archiveInvalid(`the size of ${name} is not a number`);
    const hash = hashOf(sha256);
    if (FILE.test(name) && fileMember(hash) !== name)
      throw archiveInvalid(`${name} is listed with the hash of another file`);
    last = name;
    return { name, bytes, sha256: hash };
  });
}

function listOf(given: unknown, name: string): unknown[] {
  if (Array.isArray(given)) return given;
  throw archiveInvalid(`its manifest has no list "${name}"`);
}

function hashOf(given: unknown): string {
  if (typeof given === 'string' && /^[0-9a-f]{64}$/.test(given)) return given;
  throw archiveInvalid('its manifest has a hash that is not 64 hex digits');
}

function countsOf(given: unknown): Record<string, number> {
  const entries = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => isCount(entry[1])));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wrongKind(wanted: ArchiveKind): RiskopsError {
  return new RiskopsError('ARCHIVE_INVALID', {
    what:
      wanted === 'export'
        ? 'This is no archive of riskops export.'
        : 'This is no archive of riskops backup --all.',
    why: 'An export is taken in by riskops import, a backup by riskops restore.',
    fix: wanted === 'export' ? 'riskops restore FILE' : 'riskops import FILE',
  });
}

function newerArchive(format: unknown, schema: unknown): RiskopsError {
  return new RiskopsError('STORE_VERSION', {
    what: 'The archive was written by a newer riskops.',
    why: `It has format ${printable(String(format), 20)} and schema version ${printable(String(schema), 20)}; this riskops reads format ${FORMAT_VERSION} and versions up to ${latestVersion()}.`,
  });
}
