import { describe, expect, it } from 'vitest';
import { schemaDifferences } from '../../src/registry/schema-differences.js';

const features = [
  { name: 'AGE', type: 'integer' },
  { name: 'SEX', type: 'category', categories: ['1', '2'] },
  { name: 'LIMIT', type: 'number' },
];
const current = { features, target: { name: 'class', classes: [0, 1] } };

function differences(change: Partial<typeof current>): string[] {
  const found = schemaDifferences(current, { ...current, ...change });
  expect(found.compatible).toBe(found.differences.length === 0);
  return found.differences;
}

describe('schemaDifferences', () => {
  const [age, sex, limit] = features;

  it('finds none where callers notice nothing: new categories, an integer that became a number', () => {
    expect(differences({})).toEqual([]);
    const wider = [{ ...age, type: 'number' }, { ...sex, categories: ['1', '2', '3'] }, limit];
    expect(differences({ features: wider })).toEqual([]);
  });

  it.each([
    ['removed', [age, limit], 'no longer takes "SEX"'],
    ['added', [...features, { name: 'PAY', type: 'number' }], 'also needs "PAY"'],
    ['moved', [sex, age, limit], 'the order of features changed: place 1 is "SEX" and was "AGE"'],
    ['of another type', [age, { ...sex, type: 'number' }, limit], '"SEX" is number and was category'],
    ['narrower', [age, sex, { ...limit, type: 'integer' }], '"LIMIT" is integer and was number'],
  ])('names a feature that is %s', (_, changed, text) => {
    expect(differences({ features: changed })).toEqual([text]);
  });

  it('names a role that changed, and a past that must be known earlier', () => {
    const past = (ahead?: number) => ({ ...limit, role: 'past', ...(ahead === undefined ? {} : { ahead }) });
    const between = (before: object, after: object) => {
      const of = (last: object) => ({ ...current, features: [age, sex, { ...limit, ...last }] });
      return schemaDifferences(of(before), of(after)).differences;
    };
    expect(between({}, { role: 'time' })).toEqual(['"LIMIT" has the role time and had no role']);
    expect(between({ role: 'group' }, past())).toEqual(['"LIMIT" has the role past and had the role group']);
    expect(between(past(6), past())).toEqual(['"LIMIT" must be known up to 1 row before and was up to 6']);
    expect(between(past(), past(6))).toEqual([]);
  });

  it('names another target and other classes', () => {
    expect(differences({ target: { name: 'churn', classes: [0, 1] } })).toEqual([
      'predicts "churn" and not "class"',
    ]);
    expect(differences({ target: { name: 'class', classes: [1, 0] } })).toEqual([
      'the classes are [1,0] and were [0,1]',
    ]);
  });
});
