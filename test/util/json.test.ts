import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberFromJson, toCanonicalJson, toJson, toPrettyJson } from '../../src/util/json.js';

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
