import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberKind, parseBoolean, parseNumber, trimCell } from '../../src/datasets/cells.js';

test('every finite double is read back exactly as it is printed', () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(double, (value) => {
      expect(parseNumber(Object.is(value, -0) ? '-0' : String(value))).toBe(value);
      expect(parseNumber(value.toExponential())).toBe(value + 0);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('whatever is read as a number is what JavaScript reads, and has only the marks of a decimal number', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789+-.eExX,_ Infa'), maxLength: 8 });
  fc.assert(
    fc.property(text, (cell) => {
      const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(cell) && Number.isFinite(Number(cell));
      expect(parseNumber(cell)).toBe(isNumber ? Number(cell) : undefined);
    }),
    { numRuns: 5000, seed: 2 },
  );
});

test.each([
  ['12', 'integer'],
  ['-0', 'integer'],
  ['1.2e+05', 'integer'],
  ['9007199254740991', 'integer'],
  ['9007199254740993', 'unsafe'],
  ['007', 'padded'],
  ['-05', 'padded'],
  ['41.0', 'decimal'],
  ['.5', 'decimal'],
  ['1e-3', 'decimal'],
  ['0x10', 'none'],
  ['1,5', 'none'],
  ['1_000', 'none'],
  ['1e309', 'none'],
  ['-1e309', 'none'],
  ['1'.repeat(350), 'none'],
  ['Infinity', 'none'],
  ['NaN', 'none'],
  ['1-2', 'none'],
  ['--5', 'none'],
  ['+', 'none'],
  ['.', 'none'],
  ['e5', 'none'],
  ['', 'none'],
  [' ', 'none'],
  ['１２', 'none'],
])('%j is a number of kind %s', (text, kind) => {
  expect(numberKind(text)).toBe(kind);
});

test('words of a boolean column, and blanks of every sort around a cell', () => {
  expect(['TRUE', 'yes', 'Y', 't', '1'].map(parseBoolean)).toEqual([1, 1, 1, 1, 1]);
  expect(['False', 'no', 'N', 'f', '0'].map(parseBoolean)).toEqual([0, 0, 0, 0, 0]);
  expect(['2', 'ja', '', 'truest'].map(parseBoolean)).toEqual([undefined, undefined, undefined, undefined]);
  expect(['\u00a0a b\t', ' a b', 'a b\r', 'a b'].map(trimCell)).toEqual(['a b', 'a b', 'a b', 'a b']);
});
