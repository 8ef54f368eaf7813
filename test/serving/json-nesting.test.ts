import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nestsDeeper } from '../../src/serving/json-nesting.js';

/** The deepest place, by another way: the text's brackets outside of its strings. */
function depthOf(value: unknown): number {
  let [depth, deepest] = [0, 0];
  for (const bracket of JSON.stringify(value)
    .replace(/"(\\.|[^"\\])*"/g, '')
    .match(/[[\]{}]/g) ?? []) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

test('what lies deeper is found wherever it stands, and nothing else is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat({ max: 8 }), (value, most) => {
      const whole = JSON.parse(JSON.stringify({ first: 1, value, list: [null, [value]] }));
      expect(nestsDeeper(whole, most)).toBe(depthOf(whole) > most);
    }),
    { numRuns: 300, seed: 3 },
  );
});

test('a depth that no stack has is answered', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ])
    expect(nestsDeeper(JSON.parse(`${open.repeat(300_000)}1${close.repeat(300_000)}`), 64)).toBe(true);
});
