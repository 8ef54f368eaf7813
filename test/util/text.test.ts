import { expect, test } from 'vitest';
import { nearestWord, printable, suggestWord } from '../../src/util/text.js';

const COMMANDS = ['init', 'train', 'runs', 'gate', 'promote', 'rollback', 'history'];

test.each([
  ['trian', 'train'],
  ['tran', 'train'],
  ['traiin', 'train'],
  ['PROMOTE', 'promote'],
  ['promte', 'promote'],
  ['rolback', 'rollback'],
  ['runz', 'runs'],
  ['게이트', undefined],
  ['serve', undefined],
  ['x', undefined],
  ['', undefined],
])('%j is a slip of the hand for %j', (word, meant) => {
  expect(nearestWord(word, COMMANDS)).toBe(meant);
});

test('of two near words the nearer is meant, of two equally near ones the first', () => {
  expect(nearestWord('ages', ['wages', 'age', 'sage'])).toBe('wages');
  expect(nearestWord('debt2', ['debt1', 'debt'])).toBe('debt1');
  expect(nearestWord('지여', ['지역', '나이'])).toBe('지역');
});

test('without a near word the known ones are told, the first twelve', () => {
  expect(suggestWord('zzzz', ['a', 'b'])).toBe('there is: a, b');
  expect(suggestWord('zzzz', [])).toBe('there is none');
  const many = Array.from({ length: 15 }, (_, i) => `column_${i}`);
  expect(suggestWord('zzzz', many)).toMatch(/column_11 and 3 more$/);
});

test('a hostile word of a megabyte is answered at once', () => {
  const begun = performance.now();
  nearestWord(
    'a'.repeat(1_000_000),
    Array.from({ length: 100 }, () => 'b'.repeat(1_000_000)),
  );
  expect(performance.now() - begun).toBeLessThan(500);
});

test('control characters and line ends are shown, Korean text is left, length is bounded', () => {
  expect(printable('\u001b[31m지역\n\u2028\u0000')).toBe('\\x1b[31m지역\\x0a\\x2028\\x00');
  expect(printable('x'.repeat(300))).toHaveLength(203);
  expect(printable('abc', 2)).toBe('ab...');
});
