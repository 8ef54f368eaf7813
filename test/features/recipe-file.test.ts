import { expect, test } from 'vitest';
import { columnsNamed, parseSteps } from '../../src/features/recipe-file.js';
import { errorOf } from '../datasets/support/tables.js';

test('steps come as they are written, and none when none are', () => {
  const steps = [{ kind: 'lag', columns: ['a'], by: 1 }, { kind: 'impute' }];
  expect(parseSteps(steps)).toEqual(steps);
  expect(parseSteps(null)).toEqual([]);
});

test.each<[unknown, RegExp]>([
  [{ kind: 'lag' }, /not a list of steps/],
  ['lag', /not a list of steps/],
  [[{ kind: 'lag', by: 1 }, null], /Step 2 is not an object/],
  [[[]], /Step 1 is not an object/],
  [[{ columns: ['a'] }], /Step 1 does not say its kind/],
  [[{ kind: 'roling' }], /Step 1 is of the kind "roling": did you mean "rolling"\?/],
  [new Array(16).fill({ kind: 'impute' }), /16 steps, more than 15/],
])('%j is one clear error', async (value, why) => {
  const error = await errorOf(() => parseSteps(value));
  expect(error).toMatchObject({ code: 'FEATURES_INVALID', message: 'The recipe is not one.' });
  expect(error.why).toMatch(why);
});

test('a setting that the step does not have is found before any data is read', async () => {
  const error = await errorOf(() => parseSteps([{ kind: 'lag', colums: ['a'], by: 1 }]));
  expect(error.message).toBe('The recipe step "lag" has no setting "colums".');
});

test('the columns that steps name, each once', () => {
  const steps = parseSteps([
    { kind: 'lag', columns: ['a', 'b'], by: [1, 2] },
    { kind: 'ratio', of: 'a', by: 'c', name: 'share' },
    { kind: 'expanding-mean', by: 'shop', prior: 2 },
    { kind: 'calendar', column: 'day', parts: ['hour'], zone: 'UTC' },
    { kind: 'impute', strategy: 'mean' },
  ]);
  expect(columnsNamed(steps)).toEqual(['a', 'b', 'c', 'shop', 'day']);
});
