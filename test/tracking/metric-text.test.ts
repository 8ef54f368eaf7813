import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMetric, parseMetricLine } from '../../src/tracking/metric-text.js';
import { toJson } from '../../src/util/json.js';

test('every double comes back from the text that JavaScript and JSON write of it', () => {
  const double = fc.double({ noDefaultInfinity: false });
  fc.assert(
    fc.property(double, fc.boolean(), (value, minus) => {
      const number = minus ? -value : value;
      const text = Object.is(number, -0) ? '-0' : String(number);
      expect(parseMetric('m', text)).toBe(number);
      expect(parseMetricLine(toJson({ key: 'm', value: number, step: 1 }))).toEqual([
        { key: 'm', value: number, step: 1 },
      ]);
    }),
  );
});

test.each([
  ['nan', Number.NaN],
  ['NaN', Number.NaN],
  ['inf', Infinity],
  ['+INF', Infinity],
  ['-Infinity', -Infinity],
  ['1e309', Infinity],
  ['-1e309', -Infinity],
  ['5e-324', 5e-324],
  ['-0', -0],
  [' 1.50 ', 1.5],
  ['+.5E1', 5],
  ['7.', 7],
])('%s is a number', (text, value) => {
  expect(parseMetric('m', text)).toBe(value);
});

test.each([
  '1,5',
  '1.234,5',
  '0x10',
  '0b1',
  '1_000',
  '1n',
  '',
  ' ',
  '.',
  'e5',
  '1e',
  '--1',
  '1 2',
  '１',
  'null',
  'true',
])('"%s" is none, and the error has the text', (text) => {
  const refusal = { code: 'RUN_VALUE_INVALID', message: expect.stringContaining(`"${text}" is no number`) };
  expect(() => parseMetric('auc', text)).toThrow(expect.objectContaining(refusal));
});

test('lines: one metric or several, the bare words of Python too', () => {
  expect(parseMetricLine('{"metrics": {"loss": NaN, "a NaN \\"-Infinity": -Infinity}, "step": 3}')).toEqual([
    { key: 'loss', value: Number.NaN, step: 3 },
    { key: 'a NaN "-Infinity', value: -Infinity, step: 3 },
  ]);
  expect(parseMetricLine('{"key":"loss","value":"-Infinity"}')).toEqual([{ key: 'loss', value: -Infinity }]);
});

test.each([
  ['not json', /no JSON object/],
  ['[1]', /no JSON object/],
  ['{"loss":1}', /unknown key "loss"/],
  ['{"value":1}', /names no metric/],
  ['{"key":"a","value":1,"metrics":{}}', /names no metric/],
  ['{"key":"a","value":1,"step":0.5}', /step/],
])('%s is refused', (text, why) => {
  expect(() => parseMetricLine(text)).toThrow(
    expect.objectContaining({ code: 'RUN_VALUE_INVALID', why: expect.stringMatching(why) }),
  );
});

test.each(['{"key":"a","value":"1,5"}', '{"key":"a","value":null}', '{"key":"a"}'])(
  '%s has no number',
  (text) => {
    expect(() => parseMetricLine(text)).toThrow(expect.objectContaining({ code: 'RUN_VALUE_INVALID' }));
  },
);
