import { expect, test } from 'vitest';
import { createThrottle } from '../../../src/serving/auth/throttle.js';

test('ten wrong tokens are forgiven, then one each six seconds, and a quiet minute forgives all', () => {
  let now = 1_000_000;
  const throttle = createThrottle(() => now);
  for (let i = 0; i < 10; i++) {
    expect(throttle.waitOf('a')).toBe(0);
    throttle.fail('a');
  }
  expect(throttle.waitOf('a')).toBe(6);
  expect(throttle.waitOf('b')).toBe(0);
  now += 5_500;
  expect(throttle.waitOf('a')).toBe(1);
  now += 500;
  expect(throttle.waitOf('a')).toBe(0);
  throttle.fail('a');
  expect(throttle.waitOf('a')).toBe(6);
  now += 60_000;
  for (let i = 0; i < 10; i++) throttle.fail('a');
  expect(throttle.waitOf('a')).toBe(6);
});

test('a network of IPv6 is one address, and what is kept is bounded', () => {
  const throttle = createThrottle(() => 0);
  for (let i = 0; i < 10; i++) throttle.fail(`2001:db8:1:2::${i}`);
  expect(throttle.waitOf('2001:db8:1:2:ffff::1')).toBeGreaterThan(0);
  expect(throttle.waitOf('2001:db8:1:3::1')).toBe(0);
  for (let i = 0; i < 30_000; i++) throttle.fail(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  // Forgotten: others came after it.
  expect(throttle.waitOf('2001:db8:1:2::1')).toBe(0);
});
