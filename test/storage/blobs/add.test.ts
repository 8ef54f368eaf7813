import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlobStore } from '../../../src/storage/blobs/blob-store.js';
import { localBlobs } from '../../../src/storage/blobs/local.js';
import { sha256 } from '../../../src/util/files.js';
import { temporaryFolder } from '../../support/temporary.js';

const posix = test.skipIf(process.platform === 'win32');

function workplace(): { folder: string; blobs: BlobStore } {
  const folder = temporaryFolder();
  return { folder, blobs: localBlobs(join(folder, 'artifacts'), 'write') };
}

const keysOf = async (blobs: BlobStore) => (await blobs.list('')).map(({ key }) => key);

test('content lies under its SHA-256, once, however it comes: text, bytes or a file', async () => {
  const { folder, blobs } = workplace();
  // FIPS 180-2, appendix B.1
  const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  writeFileSync(join(folder, 'abc.txt'), 'abc');
  for (const content of ['abc', Buffer.from('abc'), { file: join(folder, 'abc.txt') }]) {
    expect(await blobs.add(content)).toEqual({ key: `blobs/ba/${hash}`, bytes: 3, sha256: hash });
  }
  expect(await keysOf(blobs)).toEqual([`blobs/ba/${hash}`]);
  expect(await blobs.listUnfinished()).toEqual([]);
});

test('whatever is added comes back byte for byte, from memory and as a stream', async () => {
  const { folder, blobs } = workplace();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600_000, size: 'max' }), async (bytes) => {
      writeFileSync(join(folder, 'source'), bytes);
      const { key, sha256: hash } = await blobs.add({ file: join(folder, 'source') });
      expect(hash).toBe(sha256(bytes));
      expect((await blobs.get(key, { sha256: hash })).equals(bytes)).toBe(true);
      expect((await buffer(await blobs.openRead(key, { sha256: hash }))).equals(bytes)).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test('content that was damaged on disk is told by its hash, and is whole again when it is added again', async () => {
  const { blobs } = workplace();
  const { key, sha256: hash } = await blobs.add('good');
  for (const damage of ['', 'bad', 'goof']) {
    writeFileSync(blobs.path(key), damage);
    const damaged = { code: 'ARTIFACT_DAMAGED', why: expect.stringContaining('SHA-256') };
    await expect(blobs.get(key, { sha256: hash })).rejects.toMatchObject(damaged);
    await expect(blobs.openRead(key, { sha256: hash }).then(buffer)).rejects.toMatchObject(damaged);
    expect((await blobs.add('good')).key).toBe(key);
    expect(readFileSync(blobs.path(key), 'utf8')).toBe('good');
  }
});

posix('a link in the place of content is replaced and never written through', async () => {
  const { folder, blobs } = workplace();
  const { key, sha256: hash } = await blobs.add('good');
  blobs.remove(key);
  writeFileSync(join(folder, 'outside'), 'good');
  symlinkSync(join(folder, 'outside'), blobs.path(key));
  await expect(blobs.get(key, { sha256: hash })).rejects.toMatchObject({ code: 'ARTIFACT_REFUSED' });
  expect(blobs.size(key)).toBeUndefined();
  await blobs.add('good');
  expect(blobs.size(key)).toBe(4);
  expect(readFileSync(join(folder, 'outside'), 'utf8')).toBe('good');
});

posix('a blobs folder that is a link to elsewhere is not written to, listed or emptied', async () => {
  const { folder, blobs } = workplace();
  mkdirSync(join(folder, 'elsewhere', 'ba'), { recursive: true });
  mkdirSync(join(folder, 'artifacts'));
  const key = `blobs/ba/${sha256('abc')}`;
  writeFileSync(join(folder, 'elsewhere', key.slice(6)), 'abc');
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'artifacts', 'blobs'));
  await expect(blobs.add('abc')).rejects.toMatchObject({
    code: 'ARTIFACT_KEY_INVALID',
    why: expect.stringContaining('symbolic link'),
  });
  expect(await keysOf(blobs)).toEqual([]);
  expect(blobs.remove(key)).toBe(false);
  expect(readdirSync(join(folder, 'elsewhere', 'ba'))).toEqual([sha256('abc')]);
});

test('a file that somebody goes on writing is refused, and nothing of it is kept', async () => {
  const { folder, blobs } = workplace();
  const source = join(folder, 'growing.log');
  writeFileSync(source, Buffer.alloc(8_000_000, 'x'));
  const growing = setInterval(() => appendFileSync(source, 'more\n'), 0);
  try {
    await expect(blobs.add({ file: source })).rejects.toMatchObject({
      code: 'ARTIFACT_REFUSED',
      why: 'it changed while it was read',
    });
  } finally {
    clearInterval(growing);
  }
  expect(await keysOf(blobs)).toEqual([]);
  expect(await blobs.listUnfinished()).toEqual([]);
  const { key } = await blobs.add({ file: source });
  expect(key).toBe(`blobs/${sha256(readFileSync(source)).slice(0, 2)}/${sha256(readFileSync(source))}`);
});

test('a model file is written once: the same bytes again are well, others are refused', async () => {
  const { blobs } = workplace();
  const key = 'models/credit/candidates/a_logistic.safetensors';
  const kept = await blobs.put(key, 'model');
  expect(await blobs.put(key, 'model')).toEqual(kept);
  await expect(blobs.put(key, 'other')).rejects.toMatchObject({ code: 'ARTIFACT_IMMUTABLE', exitCode: 2 });
  expect((await blobs.get(key)).toString()).toBe('model');
});

test('removing takes the folders that are empty then, and never more; a writer may be making them', async () => {
  const { blobs } = workplace();
  await blobs.put('runs/a/deep/1', '');
  await blobs.put('runs/a/2', '');
  const { key } = await blobs.add('x');
  expect([blobs.remove('runs/a/deep/1'), blobs.remove('runs/a/deep/1')]).toEqual([true, false]);
  expect(readdirSync(blobs.path('runs/a'))).toEqual(['2']);
  expect(blobs.remove('runs/a/2')).toBe(true);
  expect(readdirSync(blobs.path('runs'))).toEqual([]);
  expect(blobs.remove(key)).toBe(true);
  expect(readdirSync(blobs.path('blobs'))).toEqual([key.slice(6, 8)]);
  const puts = Array.from({ length: 40 }, (_, i) =>
    blobs.put(`runs/b/${i}`, 'x').then(() => blobs.remove(`runs/b/${i}`)),
  );
  expect(await Promise.all(puts)).toEqual(puts.map(() => true));
});

test('adding what is there already makes it young again: collectors of garbage go by age', async () => {
  const { blobs } = workplace();
  const { key } = await blobs.add('x');
  utimesSync(blobs.path(key), 1000, 1000);
  expect((await blobs.list('blobs'))[0]).toEqual({ key, bytes: 1, touchedMs: 1_000_000 });
  await blobs.add('x');
  expect((await blobs.list('blobs'))[0].touchedMs).toBeGreaterThan(Date.now() - 60_000);
});

test('a store that was opened to read keeps nothing and removes nothing', async () => {
  const { folder, blobs } = workplace();
  const { key } = await blobs.add('x');
  const reader = localBlobs(join(folder, 'artifacts'), 'read');
  await expect(reader.add('y')).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  expect(() => reader.remove(key)).toThrow(/opened to read/);
  expect((await reader.get(key)).toString()).toBe('x');
});
