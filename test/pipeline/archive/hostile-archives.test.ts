import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Headers, pack } from 'tar-stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { backUpStore } from '../../../src/pipeline/archive/backup-store.js';
import { fileMember } from '../../../src/pipeline/archive/manifest.js';
import { restoreStore } from '../../../src/pipeline/archive/restore-store.js';
import { TarGuard } from '../../../src/pipeline/archive/tar-guard.js';
import type { Store } from '../../../src/storage/store.js';
import { sha256 } from '../../../src/util/files.js';
import { openTestStore, placesIn } from '../../registry/support/registry-store.js';
import { filesIn } from '../../support/riskops.js';
import { temporaryFolder } from '../../support/temporary.js';
import { emptyStore, exported, fullStore, imported } from './archive-store.js';

interface Entry {
  header: Partial<Headers> & { name: string };
  content: Buffer;
}

/** The files of a sound archive, to be harmed. */
let sound: Entry[] = [];
beforeEach(async () => {
  if (sound.length === 0) sound = await entriesOf(readFileSync((await soundArchive()).path));
});

async function soundArchive() {
  return exported(await fullStore(temporaryFolder()), { all: true, predictions: true });
}

/** A tar file of ours has a header and the padded content for each file. */
async function entriesOf(tar: Buffer): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let at = 0; tar[at] !== 0; ) {
    const name = tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    entries.push({ header: { name }, content: tar.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { header, content } of entries) tar.entry({ ...header }, content);
  tar.finalize();
  return buffer(tar);
}

type Manifest = Record<string, unknown> & { members: [string, number, string][] };

const manifestOf = (entries: readonly Entry[]): Manifest => JSON.parse(entries[0].content.toString('utf8'));
const withManifest = (entries: readonly Entry[], manifest: unknown): Entry[] => [
  { header: { name: 'manifest.json' }, content: Buffer.from(JSON.stringify(manifest)) },
  ...entries.slice(1),
];

/** The archive with another content for one record file, and a manifest that agrees with it. */
function withRecords(name: string, change: (text: string) => string): Entry[] {
  const path = `records/${name}.ndjson`;
  const entries = sound.map((entry) =>
    entry.header.name === path
      ? { ...entry, content: Buffer.from(change(entry.content.toString('utf8'))) }
      : entry,
  );
  const { content } = entries.find(({ header }) => header.name === path) as Entry;
  const manifest = manifestOf(entries);
  manifest.members = manifest.members.map((member) =>
    member[0] === path ? [path, content.length, sha256(content)] : member,
  );
  return withManifest(entries, manifest);
}

const byName = (a: string, b: string) => (a < b ? -1 : 1);

/** The archive with one more file, in its place and named in the manifest. */
function withMember(header: Entry['header'], content = Buffer.from('x'), entries = sound): Entry[] {
  const manifest = manifestOf(entries);
  manifest.members.push([header.name, content.length, sha256(content)]);
  manifest.members.sort(([a], [b]) => byName(a, b));
  const [first, ...rest] = withManifest([...entries, { header, content }], manifest);
  return [first, ...rest.sort((a, b) => byName(a.header.name, b.header.name))];
}

async function refused(archive: Buffer, limits?: { bytes: number; ratio: number }) {
  const around = temporaryFolder();
  const path = join(around, 'archive.tar');
  writeFileSync(path, archive);
  const store = await emptyIn(join(around, 'inner', 'project'));
  const before = { around: filesIn(around), rows: await countRows(store) };
  const error = await imported(store, path, limits).then(
    () => ({ code: 'IMPORTED' }),
    (reason) => reason,
  );
  expect({ around: filesIn(around), rows: await countRows(store) }).toEqual(before);
  return error as { code: string; message: string; why?: string };
}

async function emptyIn(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true });
  return openTestStore(placesIn(folder));
}

async function countRows({ db }: Store): Promise<number> {
  const counts = await Promise.all(
    (['runs', 'versions', 'params', 'metric_points', 'promotions'] as const).map((table) =>
      db
        .selectFrom(table as 'runs')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow(),
    ),
  );
  return counts.reduce((sum, { n }) => sum + Number(n), 0);
}

test('the archive that is harmed below is taken in when it is not', async () => {
  expect(await imported(await emptyStore(), (await soundArchive()).path)).toMatchObject({ promotions: 4 });
  expect((await refusedIfHarmed([...sound])).code).toBe('IMPORTED');
});

/** As `refused`, but a sound archive may come in. */
async function refusedIfHarmed(entries: Entry[]) {
  const path = join(temporaryFolder(), 'a.tar');
  writeFileSync(path, await tarOf(entries));
  return imported(await emptyStore(), path).then(
    () => ({ code: 'IMPORTED' }),
    (error) => error as { code: string },
  );
}

describe('refused, with nothing outside and nothing half imported', () => {
  test.each([
    ['a path upwards', '../../../escaped'],
    ['an absolute path', '/tmp/riskops-escaped'],
    ['a drive', 'C:\\escaped'],
    ['a path with a NUL', 'files/a\0b'],
    ['a path upwards in the folder of files', `files/../../${'a'.repeat(50)}`],
    ['a file of the store', 'models/current.json'],
    ['a name that the manifest has too', `files/${'0'.repeat(64)}`],
  ])('%s', async (_, name) => {
    expect((await refused(await tarOf(withMember({ name })))).code).toBe('ARCHIVE_INVALID');
    const unnamed = [...sound, { header: { name }, content: Buffer.from('x') }];
    expect((await refused(await tarOf(unnamed))).code).toBe('ARCHIVE_INVALID');
  });

  test.each([
    ['a symbolic link', { type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { type: 'link', linkname: '/etc/passwd' }],
    ['a device', { type: 'character-device', devmajor: 1, devminor: 3 }],
    ['a pipe', { type: 'fifo' }],
    ['a folder', { type: 'directory' }],
  ] as const)('%s in the place of a file', async (what, header) => {
    const [manifest, first, ...rest] = sound;
    const link = { header: { ...header, name: first.header.name }, content: Buffer.alloc(0) };
    const tar = pack();
    tar.entry({ name: 'manifest.json' }, manifest.content);
    tar.entry(link.header);
    for (const { header, content } of rest) tar.entry({ ...header }, content);
    tar.finalize();
    const error = await refused(await buffer(tar));
    expect(error).toMatchObject({ code: 'ARCHIVE_INVALID' });
    expect(error.message).toContain(what);
  });

  test('a file twice, a file that the manifest does not name, a file that is missing, files in another order', async () => {
    const [manifest, first, second, ...rest] = sound;
    for (const entries of [
      [manifest, first, first, second, ...rest],
      [...sound, { header: { name: 'records/predictions.ndjson' }, content: Buffer.from('x') }],
      [manifest, second, ...rest],
      [manifest, second, first, ...rest],
      sound.slice(1),
    ])
      expect((await refused(await tarOf(entries))).code).toBe('ARCHIVE_INVALID');
  });

  test('a file whose content is not what the manifest says, in a byte or in its size', async () => {
    const flipped = sound.map((entry, i) => {
      if (i !== 1) return entry;
      const content = Buffer.from(entry.content);
      content[0] ^= 1;
      return { ...entry, content };
    });
    expect((await refused(await tarOf(flipped))).message).toMatch(/does not have the hash/);
    const manifest = manifestOf(sound);
    manifest.members[0][1]++;
    expect((await refused(await tarOf(withManifest(sound, manifest)))).message).toMatch(/manifest says/);
  });

  test('a file that claims a huge size, in the manifest or in its header', async () => {
    const manifest = manifestOf(sound);
    manifest.members[0][1] = 2 ** 50;
    expect((await refused(await tarOf(withManifest(sound, manifest)))).code).toBe('ARCHIVE_TOO_LARGE');
    const tar = await tarOf(sound);
    const at = 512 + Math.ceil(sound[0].content.length / 512) * 512;
    tar.write('77777777777', at + 124, 'latin1');
    expect((await refused(checksummed(tar, at))).code).toBe('ARCHIVE_INVALID');
  });

  test('an extended header, which a reader would take into memory whole', async () => {
    const tar = pack();
    tar.entry({ name: 'manifest.json', pax: { comment: 'x'.repeat(10_000) } } as Headers, sound[0].content);
    tar.finalize();
    expect((await refused(await buffer(tar))).message).toMatch(/of another kind/);
  });

  test('a bomb stops at the limit, by ratio and by size, with little memory', async () => {
    const zeros = { header: { name: 'manifest.json' }, content: Buffer.alloc(60 * 2 ** 20) };
    const bomb = gzipSync(await tarOf([zeros]));
    const before = process.memoryUsage().rss;
    const error = await refused(bomb);
    expect([error.code, error.why]).toEqual([
      'ARCHIVE_TOO_LARGE',
      expect.stringMatching(/200 times its size/),
    ]);
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 2 ** 20);
    expect((await refused(await tarOf(sound), { bytes: 1000, ratio: 200 })).code).toBe('ARCHIVE_TOO_LARGE');
  });

  test('one that was cut off, anywhere, zipped or not', async () => {
    const tar = await tarOf(sound);
    const zipped = gzipSync(tar);
    for (const cut of [100, 512, 3000, tar.length - 2048, tar.length - 1024])
      expect([cut, (await refused(tar.subarray(0, cut))).code]).toEqual([cut, 'ARCHIVE_INVALID']);
    for (const share of [0.1, 0.5, 0.99])
      expect((await refused(zipped.subarray(0, Math.floor(zipped.length * share)))).code).toBe(
        'ARCHIVE_INVALID',
      );
  });

  test.each([
    ['text', () => Buffer.from('run_id,auc\n'.repeat(500))],
    ['empty', () => Buffer.alloc(0)],
    ['zeros', () => Buffer.alloc(4096)],
    ['zipped text', () => gzipSync('run_id,auc\n'.repeat(500))],
    ['a tar of another program', () => execFileSync('tar', ['cf', '-', 'package.json'])],
    ['something behind its end', async () => Buffer.concat([await tarOf(sound), await tarOf(sound)])],
  ])('%s', async (_, make) => {
    expect((await refused(await make())).code).toBe('ARCHIVE_INVALID');
  });

  test('JSON that is nested a hundred thousand times, in the manifest or in a record', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const manifest = { header: { name: 'manifest.json' }, content: Buffer.from(deep) };
    expect((await refused(await tarOf([manifest, ...sound.slice(1)]))).code).toBe('ARCHIVE_INVALID');
    expect((await refused(await tarOf(withRecords('runs', () => `${deep}\n`)))).code).toBe('ARCHIVE_INVALID');
  });

  test.each<[string, string, (text: string) => string]>([
    [
      'a run id that is a path',
      'runs',
      (text) => text.replace(/"run_id":"[0-9a-f]{32}"/, '"run_id":"../../escaped"'),
    ],
    [
      'a folder name that is a path',
      'runs',
      (text) => text.replace(/"dir_name":"[^"]+"/, '"dir_name":"../../escaped"'),
    ],
    ['a folder name of our own', 'runs', (text) => text.replace(/"dir_name":"[^"]+"/, '"dir_name":"_by_id"')],
    ['an artifact path upwards', 'runs', (text) => text.replace('same.txt', '../../escaped')],
    ['a run twice', 'runs', (text) => text + text],
    ['a column that is not known', 'runs', (text) => text.replace('"run_id"', '"rowid":1,"run_id"')],
    ['a column that is missing', 'runs', (text) => text.replace(/"kind":"[^"]+",/, '')],
    ['text where a number is', 'runs', (text) => text.replace(/"pid":\d+/, '"pid":"1"')],
    ['fewer points than were promised', 'runs', (text) => text.replace(/"points":1234/, '"points":1235')],
    [
      'points of another metric',
      'runs',
      (text) => text.replace('"points":{"key":"odd"', '"points":{"key":"other"'),
    ],
    [
      'a parent that is not in it',
      'runs',
      (text) => text.replace(/"parent_run_id":"[0-9a-f]/, '"parent_run_id":"f'),
    ],
    ['a status that is none', 'runs', (text) => text.replace('"FINISHED"', '"DONE"')],
    ['a record of no kind', 'runs', (text) => `${text}{"trigger":{}}\n`],
    ['the end of a line missing', 'runs', (text) => text.slice(0, -1)],
    ["a model's name that is a path", 'versions', (text) => text.replaceAll('"credit"', '"../credit"')],
    ['a learner that is a path', 'versions', (text) => text.replace('"dummy"', '"../../../escaped"')],
    [
      'a version without its run',
      'versions',
      (text) => text.replace(/"run_id":"[0-9a-f]{32}"/, `"run_id":"${'0'.repeat(32)}"`),
    ],
    ['a version twice', 'versions', (text) => text.replace(/\n(\{"version":.*\n)/, '\n$1$1')],
    [
      'a model file of another content',
      'versions',
      (text) => text.replace(/"content_sha256":"[0-9a-f]{8}/, '"content_sha256":"00000000'),
    ],
    ['a promotion that was changed', 'registry', (text) => text.replace('"actor":"min"', '"actor":"eve"')],
    ['a promotion that was taken out', 'registry', (text) => text.slice(text.indexOf('\n') + 1)],
    [
      'what is current by no promotion',
      'registry',
      (text) => text.replace(/("current":\{[^}]*"version":)2/, '$11'),
    ],
    ['a model without what is current', 'registry', (text) => text.replace(/\{"current":.*\n/, '')],
  ])('records with %s', async (_, name, change) => {
    const entries = withRecords(name, change);
    expect(entries[0].content.equals(sound[0].content)).toBe(false);
    expect(await refused(await tarOf(entries))).toMatchObject({ code: 'ARCHIVE_INVALID' });
  });

  test('a model file that is none, with a record that agrees', async () => {
    const content = Buffer.from('not a model');
    const versions = sound.find(({ header }) => header.name === 'records/versions.ndjson') as Entry;
    const [, hash] = /"sha256":"([0-9a-f]{64})"/.exec(versions.content.toString('utf8')) as RegExpExecArray;
    const changed = withRecords('versions', (text) =>
      text.replace(`"sha256":"${hash}"`, `"sha256":"${sha256(content)}"`),
    );
    const name = fileMember(sha256(content));
    const entries = withMember({ name }, content, changed);
    expect((await refused(await tarOf(entries))).code).toBe('MODEL_FILE_INVALID');
  });

  test('what is no plain file is not opened', async () => {
    const folder = temporaryFolder();
    const store = await emptyStore();
    symlinkSync((await soundArchive()).path, join(folder, 'link.tar'));
    await expect(imported(store, join(folder, 'link.tar'))).rejects.toMatchObject({
      code: 'ARTIFACT_REFUSED',
    });
    await expect(imported(store, folder)).rejects.toMatchObject({ code: 'ARTIFACT_REFUSED' });
    await expect(imported(store, join(folder, 'none.tar'))).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
    });
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [join(folder, 'pipe.tar')]);
    await expect(imported(store, join(folder, 'pipe.tar'))).rejects.toMatchObject({
      code: 'ARTIFACT_REFUSED',
    });
  });
});

/** Puts the right checksum into the header at `at`. */
function checksummed(tar: Buffer, at: number): Buffer {
  tar.fill(' ', at + 148, at + 156);
  const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  return tar;
}

test('the guard lets a stream pass as it is, whatever the pieces it comes in', async () => {
  const tar = await tarOf(sound);
  for (const size of [1, 511, 513, 70_000]) {
    const guard = new TarGuard();
    const passed = buffer(guard);
    const part = tar.subarray(0, size === 1 ? 3000 : tar.length);
    for (let at = 0; at < part.length; at += size) guard.write(part.subarray(at, at + size));
    if (size === 1) {
      guard.write(tar.subarray(part.length));
    }
    guard.end();
    expect((await passed).equals(tar)).toBe(true);
  }
});

test('a hostile backup of the whole store is refused before the store is touched', async () => {
  const store = await fullStore();
  const path = join(temporaryFolder(), 'backup.tar');
  await backUpStore(store.places, path);
  const entries = await entriesOf(readFileSync(path));
  const places = placesIn(temporaryFolder());
  const harmed = join(temporaryFolder(), 'harmed.tar');
  writeFileSync(harmed, await tarOf([entries[0], ...entries.slice(2)]));
  await expect(restoreStore(places, harmed)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  truncateSync(path, 10_000);
  await expect(restoreStore(places, path)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  expect(filesIn(dirname(places.artifacts))).toEqual({});
});
