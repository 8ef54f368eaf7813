import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder, sha256, sha256File, writeFileDurably } from '../../src/util/files.js';
import { temporaryFolder } from '../support/temporary.js';

test('a file is written whole, in place of the old one, with the folders above it', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a', '나', 'c.txt');
  writeFileDurably(path, '첫');
  writeFileDurably(path, new Uint8Array([1, 2, 3]));
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  expect(readdirSync(join(folder, 'a', '나'))).toEqual(['c.txt']);
});

test('a write that fails leaves the old content and nothing beside it', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'taken'));
  expect(() => writeFileDurably(join(folder, 'taken'), 'text')).toThrow();
  expect(readdirSync(folder)).toEqual(['taken']);
  expect(statSync(join(folder, 'taken')).isDirectory()).toBe(true);
});

test.skipIf(process.platform === 'win32')('a link is replaced by the file, and what it led to stays', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'real'), 'old');
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  writeFileDurably(join(folder, 'link'), 'new');
  expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('old');
  expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('new');
});

test('a folder that is there already is left', () => {
  const folder = temporaryFolder();
  makeFolder(folder);
  makeFolder(join(folder, 'x', 'y'));
  makeFolder(join(folder, 'x', 'y'));
  expect(readdirSync(join(folder, 'x'))).toEqual(['y']);
});

test('SHA-256 of bytes and of a file (FIPS 180-2, "abc")', async () => {
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  const path = join(temporaryFolder(), 'abc');
  writeFileSync(path, 'abc');
  expect(sha256('abc')).toBe(expected);
  expect(sha256(new TextEncoder().encode('abc'))).toBe(expected);
  expect(await sha256File(path)).toBe(expected);
});
