import { expect, test } from 'vitest';
import { getAlias, listAliases } from '../../src/registry/aliases.js';
import { removeAlias, setAlias } from '../../src/registry/set-alias.js';
import { findVersion, listVersions } from '../../src/registry/versions.js';
import type { Store } from '../../src/storage/store.js';
import { addVersions, failure, openTestStore, promote, served } from './support/registry-store.js';

const alias = (store: Store, name: string, version: number) =>
  setAlias(store, { model: 'credit', alias: name, version, actor: 'kim' });
const meant = async (store: Store, version: string | number) =>
  (await findVersion(store, 'credit', { version })).version;

test('a free name means a version wherever one is chosen, until it is moved or taken away', async () => {
  const store = await openTestStore();
  await addVersions(store, 3);
  await alias(store, 'eu-production', 2);
  await alias(store, '신용.v2', 2);
  expect(await meant(store, 'eu-production')).toBe(2);
  expect(await meant(store, '신용.v2'.normalize('NFD'))).toBe(2);
  expect((await listVersions(store, 'credit')).map(({ aliases }) => aliases)).toEqual([
    [],
    ['eu-production', '신용.v2'],
    [],
  ]);
  expect(await alias(store, 'eu-production', 3)).toMatchObject({ version: 3, actor: 'kim' });
  expect(await meant(store, 'eu-production')).toBe(3);
  expect(await removeAlias(store, 'credit', 'eu-production')).toMatchObject({ version: 3 });
  expect(await failure(meant(store, 'eu-production'))).toMatchObject({
    code: 'VERSION_NOT_FOUND',
    text: expect.stringContaining('no alias "eu-production"'),
  });
  expect((await listAliases(store, 'credit')).map((one) => one.alias)).toEqual(['신용.v2']);
});

test('current stays what was promoted, whatever is named', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  expect((await failure(meant(store, 'current'))).code).toBe('NO_CURRENT_MODEL');
  await promote(store, 1);
  await alias(store, 'production', 2);
  expect(served(store)).toBe(1);
  expect([await meant(store, 'current'), await meant(store, 'production'), await meant(store, '2')]).toEqual([
    1, 2, 2,
  ]);
});

test('a name that is a number or means something already cannot be an alias', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  for (const name of [
    '1',
    '007',
    'v2',
    'V2',
    'current',
    'Latest',
    'candidate',
    'none',
    '',
    '-x',
    'a b',
    'x'.repeat(65),
    'a/b',
    '\u001b[31m',
  ])
    expect((await failure(alias(store, name, 1))).code, name).toBe('OPTION_INVALID');
  expect((await failure(alias(store, 'ok', 9))).code).toBe('VERSION_NOT_FOUND');
  await alias(store, 'production', 1);
  expect((await failure(getAlias(store, 'credit', 'prodution'))).text).toContain(
    'did you mean "production"?',
  );
  expect((await failure(meant(store, '1.5'))).code).toBe('VERSION_NOT_FOUND');
  expect((await failure(meant(store, '0'))).code).toBe('OPTION_INVALID');
});
