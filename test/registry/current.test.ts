import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { pointerState, projectPointer, readPointer, repairPointer } from '../../src/registry/current.js';
import type { Store } from '../../src/storage/store.js';
import { temporaryFolder } from '../support/temporary.js';
import { addVersions, failure, openTestStore, placesIn, promote, served } from './support/registry-store.js';

const entry = {
  version: 1,
  run_id: '0123456789abcdef0123456789abcdef',
  path: 'models/credit/candidates/x.safetensors',
  sha256: 'a'.repeat(64),
  promoted_at: '2026-03-01T12:00:00.000Z',
  promotion_id: '0195e0a0-0000-7000-8000-000000000000',
};
const pointer = (change: object, name = 'credit') =>
  `{"format":1,"models":{${JSON.stringify(name)}:${JSON.stringify({ ...entry, ...change })}}}`;

describe('reading', () => {
  let path: string;
  beforeEach(() => {
    path = join(temporaryFolder(), 'current.json');
  });
  const refused = (what: RegExp, code = 'POINTER_INVALID') => {
    const started = performance.now();
    expect(() => readPointer(path)).toThrow(expect.objectContaining({ code }));
    expect(performance.now() - started).toBeLessThan(1000);
    try {
      readPointer(path);
    } catch (error) {
      const { message, why } = error as { message: string; why: string };
      expect(`${message} ${why}`).toMatch(what);
      expect(`${message}${why}`).not.toContain('\n');
    }
  };

  test('no file is null, and a good one comes back', () => {
    expect(readPointer(path)).toBeNull();
    expect(readPointer(join(path, '..', 'no folder', 'current.json'))).toBeNull();
    writeFileSync(path, pointer({ added: 'by a newer riskops' }));
    const { models } = readPointer(path) ?? {};
    expect(models).toEqual({ credit: entry });
    expect(models?.['constructor']).toBeUndefined();
  });

  test.each<[string, string, RegExp]>([
    ['an empty file', '', /not JSON/],
    ['half a file', pointer({}).slice(0, 80), /not JSON/],
    ['bytes that are no text', '\u0000\ufffd', /not JSON/],
    ['a list', '[]', /format/],
    ['null', 'null', /format/],
    ['another format', '{"format":2,"models":{}}', /format/],
    ['no models', '{"format":1}', /models/],
    ['models as a list', '{"format":1,"models":[]}', /models/],
    ['the name __proto__', pointer({}, '__proto__'), /__proto__/],
    ['a name with a slash', pointer({}, '../credit'), /name/],
    ['a name that is not in its one spelling', pointer({}, '신용'.normalize('NFD')), /name/],
    ['the same name twice', `${pointer({}).slice(0, -2)},"credit":${JSON.stringify(entry)}}}`, /twice/],
    ['deep nesting', `{"format":1,"models":${'['.repeat(50_000)}`, /deep/],
    ['a model that is no object', '{"format":1,"models":{"credit":7}}', /object/],
    ['an absolute path', pointer({ path: '/etc/passwd' }), /path/],
    ['a path that leaves', pointer({ path: 'models/../../secret' }), /path/],
    ['a path of Windows', pointer({ path: 'C:\\model' }), /path/],
    ['a path with NUL', pointer({ path: 'models/\u0000' }), /path/],
    ['a hash that is not hex', pointer({ sha256: 'g'.repeat(64) }), /sha256/],
    ['a short hash', pointer({ sha256: 'abc' }), /sha256/],
    ['version 0', pointer({ version: 0 }), /version/],
    ['a version as text', pointer({ version: '1' }), /version/],
    ['a run id with a terminal escape', pointer({ run_id: '\u001b[31m' }), /run_id/],
    ['a local time', pointer({ promoted_at: '2026-03-01 12:00' }), /promoted_at/],
    ['no promotion', pointer({ promotion_id: undefined }), /promotion_id/],
  ])('%s is refused', (_, text, what) => {
    writeFileSync(path, text);
    refused(what);
  });

  test('a file over 1 MiB is refused unread', () => {
    writeFileSync(path, pointer({ padding: ' '.repeat(1024 * 1024) }));
    refused(/bytes/);
  });

  test('what is no plain file is refused: link, dangling link, folder, pipe', () => {
    const target = `${path}.target`;
    writeFileSync(target, pointer({}));
    symlinkSync(target, path);
    refused(/symbolic link/);
    rmSync(target);
    refused(/symbolic link/);
    rmSync(path);
    mkdirSync(path);
    refused(/folder/);
    rmSync(path, { recursive: true });
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [path]);
    refused(/special file/);
  });

  test('a disk that refuses is never "no pointer"', () => {
    writeFileSync(path, '');
    path = join(path, 'current.json');
    refused(/a part of the path is a file/, 'STORE_IO');
  });
});

describe('projecting', () => {
  let store: Store;
  let path: string;
  beforeEach(async () => {
    store = await openTestStore();
    path = store.places.currentModel;
    await addVersions(store, 2);
    await addVersions(store, 1, '신용');
  });
  const bytes = () => readFileSync(path, 'utf8');

  test('nothing promoted needs no pointer', async () => {
    expect(await pointerState(store)).toEqual({ state: 'same', differences: [] });
    expect(await repairPointer(store)).toBe('same');
    expect(readPointer(path)).toBeNull();
  });

  test('the same rows are the same bytes, and an equal file is not touched', async () => {
    await promote(store, 1);
    await promote(store, 1, '신용');
    const [before, stats] = [bytes(), statSync(path, { bigint: true })];
    expect(await projectPointer(store)).toBe(false);
    expect(await repairPointer(store)).toBe('same');
    expect(statSync(path, { bigint: true }).ino).toBe(stats.ino);
    rmSync(path);
    expect(await projectPointer(store)).toBe(true);
    expect(bytes()).toBe(before);
    expect(Object.keys(readPointer(path)?.models ?? {})).toEqual(['credit', '신용']);
  });

  test.each<[string, (path: string, older: string) => void]>([
    ['an older one', (path, older) => renameSync(older, path)],
    ['a missing one', (path) => rmSync(path)],
    ['a damaged one', (path) => writeFileSync(path, '{"format":1,"mod')],
  ])('%s is seen and repaired, and what a killed writer left goes', async (_, spoil) => {
    await promote(store, 1);
    const older = `${path}.older`;
    copyFileSync(path, older);
    await promote(store, 2);
    const good = bytes();
    spoil(path, older);
    const leftover = `${path}.tmp-0123456789ab`;
    writeFileSync(leftover, 'half');

    const { state, differences } = await pointerState(store);
    expect(state).toBe('behind');
    expect(differences).toHaveLength(1);
    expect(await repairPointer(store)).toBe('repaired');
    expect(bytes()).toBe(good);
    expect(statSync(leftover, { throwIfNoEntry: false })).toBeUndefined();
    expect((await pointerState(store)).state).toBe('same');
  });

  test('the pointer of another database is not taken over unasked', async () => {
    await promote(store, 2);
    const good = bytes();
    const elsewhere = {
      ...placesIn(temporaryFolder()),
      artifacts: store.places.artifacts,
      currentModel: path,
    };
    const mistyped = await openTestStore(elsewhere);
    await addVersions(mistyped, 1);

    expect((await pointerState(mistyped)).state).toBe('foreign');
    expect(await repairPointer(mistyped)).toBe('foreign');
    expect(await failure(promote(mistyped, 1))).toMatchObject({
      code: 'POINTER_INVALID',
      text: expect.stringContaining(elsewhere.database),
    });
    expect(bytes()).toBe(good);
    expect(await mistyped.db.selectFrom('promotions').selectAll().execute()).toEqual([]);

    expect(await projectPointer(mistyped)).toBe(true);
    expect(readPointer(path)?.models).toEqual({});
  });

  test('a link or a folder is never written through: the promotion is refused, and nothing is changed', async () => {
    await promote(store, 1);
    const target = join(dirname(path), 'elsewhere.json');
    renameSync(path, target);
    const before = readFileSync(target);
    symlinkSync(target, path);
    expect(await failure(promote(store, 2))).toMatchObject({
      code: 'POINTER_INVALID',
      text: expect.stringMatching(/symbolic link/),
    });
    expect((await failure(projectPointer(store))).code).toBe('POINTER_INVALID');
    rmSync(path);
    mkdirSync(path);
    expect(await failure(promote(store, 2))).toMatchObject({
      code: 'POINTER_INVALID',
      text: expect.stringMatching(/folder/),
    });
    expect((await failure(repairPointer(store))).code).toBe('POINTER_INVALID');
    expect(readFileSync(target)).toEqual(before);
    expect(await store.db.selectFrom('promotions').selectAll().execute()).toHaveLength(1);

    rmSync(path, { recursive: true });
    await promote(store, 2);
    expect(served(store)).toBe(2);
  });
});
