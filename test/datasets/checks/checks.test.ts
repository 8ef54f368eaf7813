import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  brokenError,
  checkFieldsKnown,
  compileChecks,
  parseChecks,
} from '../../../src/datasets/checks/checks.js';
import type { Signature } from '../../../src/datasets/signature.js';

const signature: Signature = {
  features: [
    { name: 'discount_price', type: 'number', nullable: false },
    { name: 'original_price', type: 'number', nullable: true },
    { name: '분류', type: 'category', nullable: false, categories: ['빵', '떡'] },
    { name: 'is a "gift"', type: 'boolean', nullable: false },
    { name: 'since', type: 'date', nullable: false },
    { name: 'and', type: 'integer', nullable: false },
  ],
  target: { name: 'sold', type: 'number', classes: null },
  missing: ['NA', '-999'],
};

const row = {
  discount_price: 8,
  original_price: 10,
  분류: '빵',
  'is a "gift"': false,
  since: '2024-06-01',
  and: 3,
};

/** Whether a rule lets a row pass. */
function keeps(rule: string, change: Record<string, unknown> = {}): boolean {
  const given: Record<string, unknown> = { ...row, ...change };
  return compileChecks(parseChecks([{ rule }]), signature)((field) => given[field], 0).length === 0;
}

test('comparisons, sums, lists, texts, dates, brackets and words mean what they say', () => {
  for (const rule of [
    'discount_price < original_price',
    'original_price - discount_price * 2 = -6',
    '(original_price - discount_price) * 2 == 4',
    '10 - 4 - 3 = 3 and 12 / 3 / 2 = 2 and 2 + 3 * 4 = 14',
    "분류 = '빵' and 분류 in ('빵', '떡') and 분류 not in ('it''s')",
    'not "is a ""gift""" or discount_price > 100',
    '"is a ""gift""" = false',
    "since >= '2024-01-31' and since < '2025-01-01'",
    '"and" in (1, 2, 3) AND "and" <> 4',
    'discount_price >= 8 or original_price < 0 and discount_price < 0',
    'not discount_price > 8 and not not discount_price >= 8',
    '-discount_price < 0 and - -discount_price > 0',
    'original_price is not missing',
    '1e1 = 10 and .5 = 0.5',
  ]) {
    expect([rule, keeps(rule)]).toEqual([rule, true]);
    expect([rule, keeps(`not (${rule})`)]).toEqual([rule, false]);
  }
});

test('a rule over a missing value is not broken, unless it speaks of missing values', () => {
  for (const missing of [null, undefined, 'NA', -999]) {
    const change = {
      original_price: missing === 'NA' ? null : missing,
      분류: missing === -999 ? 'NA' : missing,
    };
    expect(keeps('discount_price < original_price', change)).toBe(true);
    expect(keeps('not (discount_price < original_price)', change)).toBe(true);
    expect(keeps("분류 = '빵'", change)).toBe(true);
    expect(keeps('original_price is not missing', change)).toBe(false);
    expect(keeps('original_price is missing and 분류 is missing', change)).toBe(true);
    // What is known decides, where it can.
    expect(keeps('discount_price > 100 and original_price > 0', change)).toBe(false);
    expect(keeps('discount_price > 1 or original_price > 0', change)).toBe(true);
  }
  expect(keeps('original_price / 0 > 1')).toBe(true);
  // What the model will refuse by itself, as a text for a number, is no matter of the rule.
  expect(keeps('discount_price < original_price', { discount_price: '99' })).toBe(true);
  expect(keeps('unknown_field > 1 or unknown_field < 1', { unknown_field: 'x' })).toBe(true);
});

test.each([
  ['discount_price <', 17, 'a field, a number or a text'],
  ['discount_price < original_price original_price', 33, 'should end'],
  ['a < b < c', 7, 'cannot be compared again'],
  ["분류 = 'open", 6, 'no closing'],
  ['a ; b', 3, 'no part of a rule'],
  ['a in (b)', 7, 'should stand here'],
  ['a is there', 6, '"missing" should follow'],
  ['(a > 1', 7, '")" is missing'],
  ['1e999 > a', 1, 'too large'],
  ["'x' < 1", 1, 'compared with'],
  ['1 + 2', 1, 'true or false'],
  ["'a' + 1 = 2", 1, 'where a number should'],
  [`${'('.repeat(60)}a`, 51, 'nested deeper'],
  [`a = ${'1'.repeat(1000)}`, 1001, 'longer than'],
])('%s is no rule, and the place is named: %i', (rule, position, problem) => {
  expect(() => parseChecks([{ rule }])).toThrowError(
    expect.objectContaining({
      code: 'CHECKS_INVALID',
      message: expect.stringContaining(problem),
      details: { rule, position },
    }),
  );
});

test('a field that the model does not have is named with the nearest that it has', () => {
  const checks = parseChecks([{ rule: 'discount_prise < original_price' }, 'store_id > 0']);
  expect(() => checkFieldsKnown(checks, signature, ['store_id'])).toThrowError(
    /did you mean "discount_price"/,
  );
  expect(() => checkFieldsKnown(checks.slice(1), signature, ['store_id'])).not.toThrow();
  const typed = (rule: string) => () => compileChecks(parseChecks([rule]), signature);
  expect(typed("discount_price = 'x'")).toThrowError(/a number is compared with a text/);
  expect(typed('분류 in (1)')).toThrowError(/a text is looked for in a list that holds 1/);
  expect(typed("since > 'soon'")).toThrowError(/a date such as/);
  expect(typed('discount_price and original_price > 1')).toThrowError(/a number stands where/);
});

test.each([
  [{}, 'not a list'],
  [[3], 'Check 1 is neither'],
  [[{ rule: 'a > 1', mesage: 'x' }], 'did you mean "message"'],
  [[{ message: 'x' }], 'no "rule"'],
  [[{ rule: 'a > 1', message: 3 }], 'no text'],
  [new Array(101).fill('a > 1'), 'more than 100'],
])('a config without checks is refused: %j', (config, why) => {
  expect(() => parseChecks(config)).toThrowError(
    expect.objectContaining({ code: 'CHECKS_INVALID', why: expect.stringContaining(why) }),
  );
});

test('the error tells rule, message, fields, values and rows, and repeats nothing huge', () => {
  const checks = parseChecks([
    { rule: 'discount_price < original_price', message: 'The discount must be a discount.' },
    { rule: 'discount_price > 0 and 분류 is not missing' },
  ]);
  const compiled = compileChecks(checks, signature);
  const rows: Record<string, unknown>[] = [
    row,
    { discount_price: 12, original_price: 10, 분류: { deep: [] } },
  ];
  const broken = rows.flatMap((one, i) => compiled((field) => one[field], i));
  const error = brokenError('VALIDATION_ERROR', broken, { rows: 2, first: 0 });
  expect(error.message).toBe('Row 1 breaks a check.');
  expect(error.why).toContain('The discount must be a discount.');
  expect(error.why).toContain('discount_price is 12, original_price is 10');
  expect(error.details).toEqual({
    problems: [
      {
        row: 1,
        rule: 'discount_price < original_price',
        message: 'The discount must be a discount.',
        fields: { discount_price: 12, original_price: 10 },
      },
      {
        row: 1,
        rule: 'discount_price > 0 and 분류 is not missing',
        message: null,
        fields: { discount_price: 12, 분류: null },
      },
    ],
    problem_count: 2,
  });
  const long = compileChecks(parseChecks(["분류 in ('x')"]), signature)(() => 'y'.repeat(10_000), 0);
  expect(JSON.stringify(long).length).toBeLessThan(500);
});

/** A tree of the language as text, and what it is for rows, told without the language's own code. */
interface Made {
  text: string;
  value(row: Record<string, number | null>): number | boolean | null;
}
const FIELDS = ['a', 'b', 'c'];
const number = fc.letrec<{ sum: Made; atom: Made }>((tie) => ({
  atom: fc.oneof(
    fc.constantFrom(...FIELDS).map((name): Made => ({ text: name, value: (one) => one[name] })),
    fc.integer({ min: 0, max: 9 }).map((value): Made => ({ text: String(value), value: () => value })),
  ),
  sum: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('atom'),
    fc.tuple(tie('sum'), fc.constantFrom('+', '-', '*', '/'), tie('sum')).map(
      ([left, sign, right]): Made => ({
        text: `(${left.text} ${sign} ${right.text})`,
        value(one) {
          const [x, y] = [left.value(one), right.value(one)];
          if (x === null || y === null) return null;
          const [p, q] = [Number(x), Number(y)];
          const result = sign === '+' ? p + q : sign === '-' ? p - q : sign === '*' ? p * q : p / q;
          return Number.isFinite(result) ? result : null;
        },
      }),
    ),
  ),
})).sum;
const condition = fc.letrec<{ or: Made; compare: Made }>((tie) => ({
  compare: fc.tuple(number, fc.constantFrom('<', '<=', '=', '!=', '>', '>='), number).map(
    ([left, sign, right]): Made => ({
      text: `${left.text} ${sign} ${right.text}`,
      value(one) {
        const [x, y] = [left.value(one), right.value(one)];
        if (x === null || y === null) return null;
        return { '<': x < y, '<=': x <= y, '=': x === y, '!=': x !== y, '>': x > y, '>=': x >= y }[sign]!;
      },
    }),
  ),
  or: fc.oneof(
    { maxDepth: 4 },
    tie('compare'),
    tie('or').map(
      (of): Made => ({
        text: `not (${of.text})`,
        value: (one) => (of.value(one) === null ? null : !of.value(one)),
      }),
    ),
    fc.tuple(tie('or'), fc.constantFrom('and', 'or'), tie('or')).map(
      ([left, word, right]): Made => ({
        text: `(${left.text}) ${word} (${right.text})`,
        value(one) {
          const both = [left.value(one), right.value(one)];
          if (both.includes(word === 'or')) return word === 'or';
          return both.includes(null) ? null : word !== 'or';
        },
      }),
    ),
  ),
})).or;

test('any rule of the language is what its tree says', () => {
  const cell = fc.option(fc.integer({ min: -3, max: 3 }));
  const features = FIELDS.map((name) => ({ name, type: 'number' as const, nullable: true }));
  fc.assert(
    fc.property(condition, fc.record({ a: cell, b: cell, c: cell }), (made, one) => {
      fc.pre(made.text.length < 900);
      const found = compileChecks(parseChecks([made.text]), { ...signature, missing: [], features });
      expect(found((field) => one[field as 'a'], 0).length === 0).toBe(made.value(one) !== false);
    }),
    { numRuns: 300, seed: 5 },
  );
});

test('whatever the text is, it is parsed or refused with a place', () => {
  const part = fc.constantFrom(
    ...[
      'a',
      '"b"',
      "'",
      '"',
      '(',
      ')',
      'and',
      'not',
      'in',
      '<',
      '=',
      '1',
      '-',
      ' ',
      '$',
      '{',
      '\n',
      '`',
      '가',
    ],
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      try {
        parseChecks([parts.join('')]);
      } catch (error) {
        expect((error as { code: string }).code).toBe('CHECKS_INVALID');
      }
    }),
    { numRuns: 500, seed: 6 },
  );
});
