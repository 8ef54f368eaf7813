import { expect, test } from 'vitest';
import { RiskopsError } from '../../../src/errors.js';
import { readColumnNames, readFilter, readOrder } from '../../../src/tracking/search/read-filter.js';

function refusalOf(read: () => unknown): { why: string; position: number; text: string; caret: string } {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(RiskopsError);
    const { code, why = '', details, message } = error as RiskopsError;
    expect({ code, lines: `${message}${why}`.split('\n').length }).toEqual({
      code: 'RUN_FILTER_INVALID',
      lines: 1,
    });
    const { position, pointed } = details as { position: number; pointed: [string, string] };
    return { why, position, text: pointed[0], caret: pointed[1] };
  }
  throw new Error('it was read');
}

test.each([
  ['', 1, /the filter is empty/],
  ['   ', 4, /the filter is empty/],
  ['metrcs.auc > 1', 1, /did you mean metrics\.auc\?/],
  ['stauts = "FAILED"', 1, /did you mean status\?/],
  ['metric > 1', 1, /did you mean metrics\.NAME\?/],
  ['metrics. > 1', 1, /name of the metric is missing/],
  ['metrics."" > 1', 1, /name of the metric is missing/],
  ['metrics."a"b > 1', 9, /quoted as a whole/],
  ['metrics.auc >', 14, /a number is expected, and the text ends/],
  ['metrics.auc > and 1', 15, /a number is expected, not and/],
  ["metrics.auc > '0.5'", 15, /numbers stand without quotes/],
  ['metrics.auc > NaN', 15, /NaN has no order/],
  ['metrics.auc > 7d', 15, /7d is a time/],
  ['metrics.auc = null', 15, /IS NULL/],
  ['metrics.auc like "a"', 13, /LIKE is for text/],
  ['metrics.auc > 0x10', 15, /"0x10" is no number/],
  ['metrics.auc > 1_000', 15, /"1_000" is no number/],
  ['metrics.auc 5', 13, /a comparison .* is expected, not 5/],
  ['metrics.auc not > 5', 17, /IN, BETWEEN or LIKE/],
  ['model = credit', 9, /text stands in quotes: 'credit'/],
  ["model = 'credit", 9, /opened and not closed/],
  ["model = 'credit' model = 'x'", 18, /AND, OR or the end/],
  ["(model = 'x'", 13, /AND, OR or "\)" is expected, and the text ends/],
  ["model = 'x')", 12, /AND, OR or the end/],
  ["model in ('x' 'y')", 15, /a comma/],
  ['model in ()', 11, /text in quotes/],
  ["model like 'a\\'", 12, /two stand for one/],
  ["status = 'FINISH'", 10, /did you mean 'FINISHED'/],
  ["status > 'FAILED'", 8, /no order/],
  ['git.dirty = 1', 13, /true or false/],
  ['start = 7d', 9, /use <, <=/],
  ['start > -7d', 9, /without a sign: 7d/],
  ['start > 2026-02-30', 9, /no day of the calendar/],
  ['start > 2026-03-01T12:00', 9, /with its zone/],
  ['start > 99999999w', 9, /before the calendar/],
  ['start > 5', 9, /a time such as 7d/],
  ['5 < metrics.auc', 1, /a field stands first/],
  ['best(params.x) > 1', 6, /best\(metrics\.NAME\)/],
  ['sum(metrics.x) > 1', 1, /functions last, min/],
  ['`a` = 1', 1, /backticks quote/],
  ["model = 'x'; drop table runs", 12, /";" has no meaning/],
  ['모델 = "x"', 1, /no field "모델"/],
  ["tags.이름 = '값' and metrics.a >", 30, /a number/],
])('%s is refused at character %i', (text, position, why) => {
  const refusal = refusalOf(() => readFilter(text));
  expect(refusal.why).toMatch(why);
  expect(refusal.why).toMatch(new RegExp(`^at character ${position}, `));
  expect(refusal.position).toBe(position);
});

test('the caret stands below the character, also after wide ones and in a long text', () => {
  const { text, caret } = refusalOf(() => readFilter("tags.이름 = '값' and 나 = 1"));
  expect(text).toBe("tags.이름 = '값' and 나 = 1");
  // Three Korean characters before it take two columns each.
  expect(caret).toBe(`${' '.repeat(text.indexOf('나') + 3)}^`);
  const long = `${"model = 'x' or ".repeat(50)}modle = 'x' ${"or model = 'y'".repeat(50)}`;
  const cut = refusalOf(() => readFilter(long));
  expect(cut.text.length).toBeLessThan(80);
  expect(cut.text.slice(cut.caret.length - 1)).toMatch(/^modle/);
  expect(refusalOf(() => readFilter('model\u001b[2J = 1')).text).not.toContain('\u001b');
});

test('orders and columns are read, and refused, the same way', () => {
  expect(readOrder('metrics.auc DESC, start asc,duration')).toEqual([
    { field: { type: 'metric', key: 'auc', summary: 'last' }, descending: true },
    { field: { type: 'time', column: 'created_at' }, descending: false },
    { field: { type: 'duration' }, descending: false },
  ]);
  expect(readColumnNames('id, Best( metrics."a b" ) , params.`x`').map(({ name }) => name)).toEqual([
    'id',
    'Best( metrics."a b" )',
    'params.`x`',
  ]);
  expect(refusalOf(() => readOrder('start up')).position).toBe(7);
  expect(refusalOf(() => readOrder('')).why).toMatch(/a field, such as/);
  expect(refusalOf(() => readColumnNames('id,')).position).toBe(4);
  expect(refusalOf(() => readColumnNames('modl')).why).toMatch(/did you mean model/);
});

test('limits: length, depth, terms and values of IN, each at its edge', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}model='x'${')'.repeat(depth)}`;
  readFilter(nested(100));
  expect(refusalOf(() => readFilter(nested(101)))).toMatchObject({
    position: 101,
    why: expect.stringMatching(/100 deep/),
  });
  const terms = (count: number) => Array(count).fill('id=""').join(' or ');
  readFilter(terms(1000));
  expect(refusalOf(() => readFilter(terms(1001))).why).toMatch(/more than 1000 terms/);
  const values = (count: number) => `params.a in (${Array(count).fill('1').join(',')})`;
  readFilter(values(1000));
  expect(refusalOf(() => readFilter(values(1001))).why).toMatch(/more than 1000 values/);
  const padded = (length: number) => "id='' ".padEnd(length);
  readFilter(padded(10_000));
  expect(refusalOf(() => readFilter(padded(10_001))).why).toMatch(/10000 characters/);
  expect(refusalOf(() => readFilter(`model like '${'%a'.repeat(501)}'`)).why).toMatch(/pattern/);
});

// RB-66. A parser that goes back over what it read, or calls itself once a character, would not end in time or would overflow.
test('text made to be slow or deep is read or refused at once', () => {
  const texts = [
    '(',
    'not ',
    "'",
    '"',
    'a.',
    'metrics.a>1 and ',
    '1',
    '((a',
    "''",
    '--',
    ' ',
    'é',
    '%',
    '\\',
    '`',
    '1e',
    '<',
    ',',
  ];
  for (const text of texts) {
    for (const long of [
      text.repeat(10_000 / text.length),
      `model = '${text.repeat(9_000 / text.length)}`,
      text.repeat(1_000_000),
    ])
      expect(() => readFilter(long)).toThrow(RiskopsError);
  }
  expect(readFilter(`${'not '.repeat(2000)}protected`)).toEqual(readFilter('protected'));
});
