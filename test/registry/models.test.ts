import { expect, test } from 'vitest';
import { readPointer } from '../../src/registry/current.js';
import { checkModelName, chooseModel, getModel, listModels } from '../../src/registry/models.js';
import { addVersion, addVersions, failure, openTestStore, promote } from './support/registry-store.js';

test.each(['credit', '신용', 'crédit-2.v_1', '2024', 'constructor', 'a'.repeat(64)])(
  '%s can be a model',
  (name) => {
    expect(checkModelName(name)).toBe(name);
  },
);

test('one name has one spelling', () => {
  expect(checkModelName('신용'.normalize('NFD'))).toBe('신용'.normalize('NFC'));
});

test.each([
  '',
  '.',
  '..',
  '.hidden',
  '-rf',
  '__proto__',
  'a/b',
  'a\\b',
  'a b',
  'a\nb',
  'a:b',
  'credit.',
  'NUL',
  'com1.txt',
  'current.json',
  'Current.JSON.tmp-0123456789ab',
  'a'.repeat(65),
  '\ud800',
  '\u200bcredit',
])('%j cannot be a model', (name) => {
  expect(() => checkModelName(name)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});

test.each([
  ['U+200B', 'cre\u200bdit'],
  ['U+00AD', 'cre\u00addit'],
  ['U+200D', '신\u200d용'],
  ['U+3164', 'credit\u3164'],
  ['U+FE0F', 'credit\ufe0f'],
  ['U+034F', 'cre\u034fdit'],
  ['U+E0100', 'credit\u{e0100}'],
])('a name that holds %s, which cannot be seen, is refused and the character named', (character, name) => {
  const why = `It has ${character}, a character that cannot be seen.`;
  expect(() => checkModelName(name)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', why }));
});

test.each(['कर्ज', 'اعتبار', 'สินเชื่อ', 'ঋণ', 'ክሬዲት'])(
  '%s, with the marks of its script, can be a model',
  (name) => {
    expect(checkModelName(name)).toBe(name.normalize('NFC'));
  },
);

test('a store that has a model with such a name from before goes on with it', async () => {
  const store = await openTestStore();
  const { run_id } = await addVersion(store);
  const name = 'credit\ufe0f';
  await store.write(async (transaction) => {
    const model = await transaction.selectFrom('models').selectAll().executeTakeFirstOrThrow();
    const version = await transaction.selectFrom('versions').selectAll().executeTakeFirstOrThrow();
    await transaction
      .insertInto('models')
      .values({ ...model, name })
      .execute();
    await transaction
      .insertInto('versions')
      .values({ ...version, model: name })
      .execute();
  });
  await promote(store, 1, name);
  expect(readPointer(store.places.currentModel)?.models[name]).toMatchObject({ run_id });
  expect(await getModel(store, name)).toMatchObject({ name, latest: 1 });
});

test('models are listed with what is current and what is newest', async () => {
  const store = await openTestStore();
  expect(await listModels(store)).toEqual([]);
  const [, second] = await addVersions(store, 3);
  await addVersion(store, '매출');
  const { promoted_at } = await promote(store, 2);

  expect(await listModels(store)).toEqual([
    expect.objectContaining({
      name: 'credit',
      versions: 3,
      latest: 3,
      current: { version: 2, promoted_at, run_id: second.run_id },
    }),
    expect.objectContaining({ name: '매출', versions: 1, latest: 1, current: null }),
  ]);
  expect(await getModel(store, '매출'.normalize('NFD'))).toMatchObject({ name: '매출' });
  expect(await failure(getModel(store, 'credti'))).toMatchObject({
    code: 'MODEL_NOT_FOUND',
    text: expect.stringContaining('did you mean "credit"?'),
  });
});

test('a model is chosen by flag, config, or being the only one', async () => {
  const store = await openTestStore();
  expect(await failure(chooseModel(store))).toMatchObject({
    code: 'NO_CURRENT_MODEL',
    text: expect.stringContaining('riskops train --promote'),
  });
  await addVersion(store, 'credit');
  expect(await chooseModel(store)).toBe('credit');
  await addVersion(store, 'macro');
  expect(await chooseModel(store, { asked: 'macro', configured: 'credit' })).toBe('macro');
  expect(await chooseModel(store, { configured: 'credit' })).toBe('credit');
  expect(await failure(chooseModel(store))).toMatchObject({
    code: 'MODEL_AMBIGUOUS',
    text: expect.stringMatching(/credit, macro[\s\S]*--model credit/),
  });
  expect((await failure(chooseModel(store, { configured: 'gone' }))).code).toBe('MODEL_NOT_FOUND');
});
