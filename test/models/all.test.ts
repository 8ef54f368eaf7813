import { expect, test } from 'vitest';
import { learnerFor, learners } from '../../src/models/all.js';

test('every learner is found by its name and engine, and the name alone means ours', () => {
  for (const learner of learners) expect(learnerFor(learner.name, learner.engine)).toBe(learner);
  const names = ['dummy', 'logistic', 'ridge', 'random-forest', 'gradient-boosting', 'isolation-forest'];
  expect(names.map((name) => learnerFor(name).engine)).toEqual(names.map(() => 'riskops'));
  expect(learnerFor('random-forest', 'ml-random-forest').engine).toBe('ml-random-forest');
});

test('an unknown name or engine is answered with the nearest', () => {
  const unknown = (name: string, engine?: string) => {
    try {
      return learnerFor(name, engine);
    } catch (error) {
      return error;
    }
  };
  expect(unknown('logistics')).toMatchObject({ code: 'LEARNER_UNKNOWN', why: 'did you mean "logistic"?' });
  expect(unknown('constructor')).toMatchObject({
    message: 'There is no learner "constructor".',
    // Trees of other programs are imported, not trained.
    why: expect.not.stringContaining('imported-trees'),
  });
  expect(unknown('logistic', 'ml-random-forest')).toMatchObject({
    message: 'No engine "ml-random-forest" runs the learner logistic.',
    why: 'there is: riskops',
  });
});
