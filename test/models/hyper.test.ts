import { expect, test } from 'vitest';
import { resolveHyper } from '../../src/models/hyper.js';
import type { Learner } from '../../src/models/learner.js';

const learner = {
  name: 'example',
  options: [
    { name: 'trees', description: '', default: 100, min: 1, max: 1000, integer: true },
    { name: 'rate', description: '', default: 0.1, min: 0 },
    { name: 'max_depth', description: '', default: null, min: 1, integer: true },
    { name: 'max_features', description: '', default: 'sqrt', min: 0, max: 1, choices: ['sqrt', 'all'] },
    { name: 'weighted', description: '', default: false },
  ],
} as unknown as Learner;

test('what is not given has its default', () => {
  const defaults = { trees: 100, rate: 0.1, max_depth: null, max_features: 'sqrt', weighted: false };
  expect(resolveHyper(learner, {})).toEqual(defaults);
  expect(resolveHyper(learner, { trees: undefined })).toEqual(defaults);
});

test('text from a command line becomes what the option is', () => {
  const given = { trees: '20', rate: ' 1e-2', max_depth: 'none', max_features: '0.5', weighted: 'true' };
  expect(resolveHyper(learner, given)).toEqual({
    trees: 20,
    rate: 0.01,
    max_depth: null,
    max_features: 0.5,
    weighted: true,
  });
  expect(resolveHyper(learner, { max_depth: '7', max_features: 'all' })).toMatchObject({
    max_depth: 7,
    max_features: 'all',
  });
});

test('a slip of the hand in a name is answered with the right one', () => {
  expect(() => resolveHyper(learner, { tree: 5 })).toThrow('"tree" is not an option of the learner example.');
  try {
    resolveHyper(learner, { max_dept: 5 });
  } catch (error) {
    expect(error).toMatchObject({ code: 'LEARNER_OPTION_INVALID', why: 'did you mean "max_depth"?' });
  }
  expect(() => resolveHyper(learner, JSON.parse('{"__proto__": 1}'))).toThrow('"__proto__" is not an option');
  expect(() => resolveHyper(learner, { toString: 1 })).toThrow('"toString" is not an option');
});

test.each([
  [{ trees: 0 }, 'a whole number from 1 to 1000'],
  [{ trees: 2.5 }, 'a whole number from 1 to 1000'],
  [{ trees: '0x10' }, 'a whole number from 1 to 1000'],
  [{ trees: '' }, 'a whole number from 1 to 1000'],
  [{ trees: Number.NaN }, 'a whole number from 1 to 1000'],
  [{ trees: null }, 'a whole number from 1 to 1000'],
  [{ trees: [5] }, 'a whole number from 1 to 1000'],
  [{ rate: Number.POSITIVE_INFINITY }, 'a number from 0'],
  [{ rate: '1e999' }, 'a number from 0'],
  [{ max_depth: 'deep' }, 'a whole number from 1, or none'],
  [{ max_features: 'log2' }, 'sqrt, all, or a number from 0 to 1'],
  [{ weighted: 1 }, 'true, false'],
])('refuses %j and says the range', (given, range) => {
  try {
    resolveHyper(learner, given);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'LEARNER_OPTION_INVALID', why: `It takes ${range}.` });
  }
});
