import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  jsonFaultPlace,
  numberFromJson,
  toCanonicalJson,
  toJson,
  toPrettyJson,
} from '../../src/util/json.js';

test('every number comes back bit for bit, the special ones as their names', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(numberFromJson(JSON.parse(toJson(value)))).toBe(value);
    }),
  );
  expect(toJson([0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324])).toBe(
    '[0,-0,"NaN","Infinity","-Infinity",5e-324]',
  );
  expect(Object.is(JSON.parse(toJson(-0)), -0)).toBe(true);
  expect(numberFromJson('abc')).toBeUndefined();
  expect(numberFromJson(null)).toBeUndefined();
});

test('any other JSON value is written as JSON.stringify writes it', () => {
  const value = fc.jsonValue({ noUnicodeString: false }).map((json) => JSON.parse(JSON.stringify(json)));
  fc.assert(
    fc.property(value, (json) => {
      expect(JSON.parse(toJson(json))).toEqual(json);
      expect(JSON.parse(toPrettyJson(json))).toEqual(json);
    }),
  );
  expect(toJson({ a: undefined, b: [undefined], d: new Date(0), e: new Float64Array([1, Number.NaN]) })).toBe(
    '{"b":[null],"d":"1970-01-01T00:00:00.000Z","e":[1,"NaN"]}',
  );
});

test('a canonical text is the same for equal values, whatever the order of their keys', () => {
  expect(toCanonicalJson({ b: 1, a: { d: [2, 1], c: -0 } })).toBe('{"a":{"c":-0,"d":[2,1]},"b":1}');
  const record = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(record, (object) => {
      const turned = Object.fromEntries(Object.entries(object).reverse());
      expect(toCanonicalJson(turned)).toBe(toCanonicalJson(object));
    }),
  );
});

test('the place at which a text stops being JSON is the one that a reader finds', () => {
  const place = (text: string) => Object.values(jsonFaultPlace(text)).join(':');
  expect(place('{\n  "a": 1\n  "b": 2\n}')).toBe('3:3');
  expect(place('{\r\n  "a": 1,\r\n}')).toBe('3:1');
  expect(place('[1, 2,]')).toBe('1:7');
  expect(place('{"a": NaN}')).toBe('1:7');
  expect(place('{a: 1}')).toBe('1:2');
  expect(place('{"a": 01}')).toBe('1:7');
  expect(place('[1] x')).toBe('1:5');
  expect(place('{"a": [{"b": [')).toBe('1:15');
  expect(place('')).toBe('1:1');
  expect(place('['.repeat(100_000))).toBe('1:100001');
});

test('what is JSON is followed to its end', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(jsonFaultPlace(text)).toEqual({ line: 1, column: text.length + 1 });
    }),
  );
});
