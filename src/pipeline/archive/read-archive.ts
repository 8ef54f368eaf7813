import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { RiskopsError } from '../../errors.js';
import { openPlainFile } from '../../storage/blobs/plain-file.js';
import { removeUnfinished, unfinishedName } from '../../storage/database/sqlite-copy.js';
import { codeOf, explainFileError } from '../../storage/io-errors.js';
import { makeFolder } from '../../util/files.js';
import { printable } from '../../util/text.js';
import {
  type ArchiveKind,
  type ArchiveLimits,
  archiveInvalid,
  fileMember,
  MANIFEST,
  MANIFEST_BYTES,
  type Manifest,
  type Member,
  parseManifest,
} from './manifest.js';
import { TarGuard } from './tar-guard.js';

/** Below this nothing is called a bomb: a few zeros zip to nothing. */
const RATIO_FROM_BYTES = 10 * 2 ** 20;

export interface StagedArchive {
  manifest: Manifest;
  /** Where a member lies; undefined when the archive has none of that name. */
  path(name: string): string | undefined;
  /** Where the file with this hash lies. */
  file(sha256: string): string | undefined;
  /** Removes what was unpacked. */
  remove(): void;
}

interface StageOptions {
  kind: ArchiveKind;
  /** A folder for the unpacked files is made in this one. */
  folder: string;
  limits: ArchiveLimits;
  signal?: AbortSignal;
}

/**
 * Unpacks an archive that nobody vouches for into a folder of its own, as a stream: only files that its manifest names, in
 * that order, of the size and with the hash that it says. Nothing in the archive chooses a path.
 * @throws ARCHIVE_INVALID, ARCHIVE_TOO_LARGE, ARTIFACT_NOT_FOUND, ARTIFACT_REFUSED (a link, a folder, a pipe), STORE_VERSION, STORE_IO
 */
export async function stageArchive(path: string, options: StageOptions): Promise<StagedArchive> {
  const handle = await openPlainFile(path);
  const staging = unfinishedName(join(options.folder, 'unpacked'));
  const remove = () => rmSync(staging, { recursive: true, force: true });
  try {
    makeFolder(options.folder);
    removeUnfinished(options.folder, 'unpacked.tmp-');
    for (const part of ['files', 'records']) mkdirSync(join(staging, part), { recursive: true });
    const manifest = await unpack(handle, staging, options);
    const names = new Set(manifest.members.map(({ name }) => name));
    const place = (name: string) => (names.has(name) ? join(staging, name) : undefined);
    return { manifest, path: place, file: (sha256) => place(fileMember(sha256)), remove };
  } catch (error) {
    remove();
    if (options.signal?.aborted) throw options.signal.reason;
    throw explainArchiveError(error, staging);
  } finally {
    await handle.close();
  }
}

async function unpack(
  handle: FileHandle,
  staging: string,
  { kind, limits, signal }: StageOptions,
): Promise<Manifest> {
  const entries = extract();
  const flow = pipeline(
    [...(await openSource(handle, limits)), new TarGuard(), entries as unknown as NodeJS.WritableStream],
    { signal },
  );
  // Whoever fails first tears the others down, and its error is the one to tell.
  let cause: unknown;
  const note = (error: unknown) => {
    cause ??= error;
  };
  flow.catch(note);
  try {
    let manifest: Manifest | undefined;
    let next = 0;
    for await (const entry of entries) {
      const { name, size = 0 } = entry.header;
      if (manifest === undefined) {
        manifest = parseManifest(await manifestOf(entry, name, size), kind);
        refuseSize(manifest.members, limits);
      } else {
        await save(entry, expected(manifest.members[next++], name, size), staging);
      }
    }
    await flow;
    if (manifest === undefined) throw archiveInvalid('it is empty');
    if (next < manifest.members.length) throw archiveInvalid(`it lacks ${manifest.members[next].name}`);
    return manifest;
  } catch (error) {
    note(error);
    entries.destroy();
    await flow.catch(() => undefined);
    throw cause instanceof RiskopsError || !(error instanceof RiskopsError) ? cause : error;
  }
}

/** The archive's bytes as a tar stream, unzipped when it is zipped, and bounded. */
async function openSource(handle: FileHandle, limits: ArchiveLimits): Promise<[Readable, ...Transform[]]> {
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  const source = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 16 });
  const isZipped = magic[0] === 0x1f && magic[1] === 0x8b;
  const unzip = isZipped ? createGunzip() : new PassThrough();
  let unpacked = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _, done) {
      unpacked += chunk.length;
      const isBomb = unpacked > RATIO_FROM_BYTES && unpacked > limits.ratio * source.bytesRead;
      if (isBomb) done(tooLarge(`It unpacks to more than ${limits.ratio} times its size.`));
      // The padding and headers of a tar file are not counted against what it may hold.
      else if (unpacked > limits.bytes * 1.1 + MANIFEST_BYTES)
        done(tooLarge(`It unpacks to more than ${limits.bytes} bytes.`));
      else done(null, chunk);
    },
  });
  return [source, unzip, limit];
}

async function manifestOf(entry: AsyncIterable<Buffer>, name: string, size: number): Promise<string> {
  if (name !== MANIFEST) throw archiveInvalid(`its first file is not ${MANIFEST}`);
  if (size > MANIFEST_BYTES) throw tooLarge(`Its manifest has ${size} bytes.`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function refuseSize(members: Member[], { bytes }: ArchiveLimits): void {
  const total = members.reduce((sum, member) => sum + member.bytes, 0);
  if (total > bytes) throw tooLarge(`Its files have ${total} bytes; the limit is ${bytes}.`);
}

function expected(member: Member | undefined, name: string, size: number): Member {
  if (member === undefined || member.name !== name)
    throw archiveInvalid(
      `it has "${printable(name, 100)}" where its manifest has ${member?.name ?? 'nothing more'}`,
    );
  if (member.bytes !== size)
    throw archiveInvalid(`${name} has ${size} bytes, and its manifest says ${member.bytes}`);
  return member;
}

async function save(entry: AsyncIterable<Buffer>, member: Member, staging: string): Promise<void> {
  const hash = createHash('sha256');
  const target = await open(join(staging, member.name), 'wx', 0o600);
  try {
    for await (const chunk of entry) {
      hash.update(chunk);
      await target.appendFile(chunk);
    }
  } finally {
    await target.close();
  }
  if (hash.digest('hex') !== member.sha256)
    throw archiveInvalid(`${member.name} does not have the hash that its manifest says`);
}

function tooLarge(why: string): RiskopsError {
  return new RiskopsError('ARCHIVE_TOO_LARGE', {
    what: 'The archive is larger than is allowed.',
    why,
    fix: 'when it is your own: --max-bytes or --max-ratio with more',
  });
}

function explainArchiveError(error: unknown, staging: string): unknown {
  if (error instanceof RiskopsError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (
    code.startsWith('Z_') ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    /tar header|end of data/.test(message)
  )
    return archiveInvalid('it is damaged or was cut off', printable(message));
  return explainFileError(error, dirname(staging));
}
