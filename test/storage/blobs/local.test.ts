import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlobEntry } from '../../../src/storage/blobs/blob-store.js';
import { localBlobs } from '../../../src/storage/blobs/local.js';
import { sha256 } from '../../../src/util/files.js';
import { temporaryFolder } from '../../support/temporary.js';

const posix = test.skipIf(process.platform === 'win32');

const keysOf = (entries: BlobEntry[]) => entries.map(({ key }) => key);

function blobsIn(folder: string) {
  return localBlobs(join(folder, 'artifacts'), 'write');
}

test('what is put is there, whole, with its size and hash; putting again replaces it', async () => {
  const folder = temporaryFolder();
  const blobs = blobsIn(folder);
  const text = '한국어 \u0000 텍스트';
  expect(await blobs.put('runs/a/보고서.txt', text)).toEqual({
    key: 'runs/a/보고서.txt',
    bytes: 21,
    sha256: sha256(text),
  });
  expect((await blobs.get('runs/a/보고서.txt')).toString()).toBe(text);
  await blobs.put('runs/a/보고서.txt', new Uint8Array([1, 2]));
  expect([...(await blobs.get('runs/a/보고서.txt'))]).toEqual([1, 2]);
  expect(blobs.path('runs/a/보고서.txt')).toBe(join(folder, 'artifacts', 'runs', 'a', '보고서.txt'));
  expect(await blobs.exists('runs/a/보고서.txt')).toBe(true);
  expect(await blobs.exists('runs/a')).toBe(false);
  await expect(blobs.get('runs/b')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
});

test('a large file is copied as a stream, and nothing unfinished is left or listed', async () => {
  const folder = temporaryFolder();
  const blobs = blobsIn(folder);
  const source = join(folder, 'large');
  const bytes = Buffer.alloc(3_000_001, 'riskops ');
  writeFileSync(source, bytes);
  expect(await blobs.put('m/large', { file: source })).toEqual({
    key: 'm/large',
    bytes: bytes.length,
    sha256: sha256(bytes),
  });
  expect(readFileSync(blobs.path('m/large')).equals(bytes)).toBe(true);
  writeFileSync(`${blobs.path('m/other')}.tmp-0123456789ab`, 'cut off');
  expect(keysOf(await blobs.list('m'))).toEqual(['m/large']);
  await expect(blobs.put('m/none', { file: join(folder, 'none') })).rejects.toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
  });
});

test('list gives the keys below a prefix, sorted, and nothing for one that is not there', async () => {
  const blobs = blobsIn(temporaryFolder());
  for (const key of ['b/2', 'a/2/x', 'a/10', 'ab/1']) await blobs.put(key, '');
  expect(keysOf(await blobs.list(''))).toEqual(['a/10', 'a/2/x', 'ab/1', 'b/2']);
  expect(keysOf(await blobs.list('a'))).toEqual(['a/10', 'a/2/x']);
  expect(keysOf(await blobs.list('none'))).toEqual([]);
  await expect(blobs.list('../..')).rejects.toMatchObject({ code: 'ARTIFACT_KEY_INVALID' });
});

const HOSTILE = [
  '',
  '/',
  '/etc/passwd',
  '//etc/passwd',
  '..',
  '../x',
  'a/../../x',
  'a/..',
  './a',
  'a/./b',
  'a//b',
  'a/',
  '\\x',
  '..\\x',
  'a\\..\\..\\x',
  'C:/x',
  'c:x',
  'file:///etc/passwd',
  'a\0b',
  'a\nb',
  'a\u001b[31m',
  'a/con',
  'NUL.txt',
  'a. /b',
  'a/b.',
  'x.tmp-0123456789ab',
  'a:stream',
  'a\ud800',
  'x'.repeat(1025),
  'y'.repeat(201),
  '\\\\server\\share',
]; // prettier-ignore

test.each(HOSTILE)('the key %j is refused everywhere, and nothing is written', async (key) => {
  const folder = temporaryFolder();
  const blobs = blobsIn(folder);
  const refused = expect.objectContaining({
    code: 'ARTIFACT_KEY_INVALID',
    message: expect.not.stringMatching(/[\n\u001b]/),
  });
  await expect(blobs.put(key, 'x')).rejects.toEqual(refused);
  await expect(blobs.put(key, { file: __filename })).rejects.toEqual(refused);
  await expect(blobs.get(key)).rejects.toEqual(refused);
  await expect(blobs.exists(key)).rejects.toEqual(refused);
  expect(() => blobs.path(key)).toThrow(refused);
  expect(readdirSync(folder)).toEqual([]);
});

test('odd names that are plain paths come back exactly; no key ever leaves the folder', async () => {
  const folder = temporaryFolder();
  const blobs = blobsIn(folder);
  for (const key of ['__proto__', '-rf', 'a%2fb', '%2e%2e/x', '$(id)', 'a b/c', '...x', '=1+1', "'"]) {
    await blobs.put(key, key);
    expect((await blobs.get(key)).toString()).toBe(key);
  }
  const parts = fc.array(fc.constantFrom('..', '.', 'a', '', '\\', 'c:', '%2e%2e', '...', 'é'), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(parts, (list) => {
      let path = folder;
      try {
        path = blobs.path(list.join('/'));
      } catch {
        return;
      }
      expect(path.startsWith(join(folder, 'artifacts') + (process.platform === 'win32' ? '\\' : '/'))).toBe(
        true,
      );
    }),
  );
});

posix('links that lead out of the folder are not followed', async () => {
  const folder = temporaryFolder();
  const blobs = blobsIn(folder);
  await blobs.put('a/b', 'x');
  writeFileSync(join(folder, 'secret'), 'secret');
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'outside', 'f'), 'secret');
  symlinkSync(join(folder, 'outside'), blobs.path('out'));
  symlinkSync(join(folder, 'secret'), blobs.path('leaf'));
  symlinkSync(blobs.path('loop'), blobs.path('loop'));
  await expect(blobs.put('out/new', 'x')).rejects.toMatchObject({ code: 'ARTIFACT_KEY_INVALID' });
  await expect(blobs.put('out/deep/new', 'x')).rejects.toMatchObject({ code: 'ARTIFACT_KEY_INVALID' });
  await expect(blobs.get('out/f')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  await expect(blobs.get('leaf')).rejects.toMatchObject({ code: 'ARTIFACT_REFUSED' });
  await expect(blobs.get('loop')).rejects.toMatchObject({ code: 'ARTIFACT_REFUSED' });
  expect(await blobs.exists('out/f')).toBe(false);
  expect(await blobs.exists('leaf')).toBe(false);
  expect(keysOf(await blobs.list(''))).toEqual(['a/b']);
  await blobs.put('leaf', 'mine');
  expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('secret');
  expect(readdirSync(join(folder, 'outside'))).toEqual(['f']);
});

posix(
  'a file to copy is refused when it is a link, a folder, a pipe or a device, without waiting for it',
  async () => {
    const folder = temporaryFolder();
    const blobs = blobsIn(folder);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    symlinkSync('/etc/passwd', join(folder, 'link'));
    for (const source of [join(folder, 'pipe'), join(folder, 'link'), folder, '/dev/zero']) {
      await expect(blobs.put('x', { file: source })).rejects.toMatchObject({ code: 'ARTIFACT_REFUSED' });
    }
    expect(keysOf(await blobs.list(''))).toEqual([]);
  },
);

test('a file where a folder should be is said in one line', async () => {
  const blobs = blobsIn(temporaryFolder());
  await blobs.put('a', '');
  await expect(blobs.put('a/b', '')).rejects.toMatchObject({
    code: 'STORE_IO',
    why: expect.stringMatching(/not a folder/),
  });
});
