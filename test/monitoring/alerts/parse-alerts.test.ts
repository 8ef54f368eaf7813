import { expect, test } from 'vitest';
import type { RiskopsError } from '../../../src/errors.js';
import { parseAlerts } from '../../../src/monitoring/alerts/parse-alerts.js';

const ops = { kind: 'webhook', url: 'https://hooks.example.com/x' };

/** The faults of a config with this in it. */
function faultsOf(more: Record<string, unknown>): string[] {
  try {
    parseAlerts({ channels: { ops }, rules: [], ...more }, 'riskops.config.json');
    return [];
  } catch (error) {
    const { code, details } = error as RiskopsError;
    expect(code).toBe('CONFIG_INVALID');
    return (details as { faults: string[] }).faults;
  }
}

const faultOfRule = (rule: Record<string, unknown>) => faultsOf({ rules: [{ name: 'a', ...rule }] })[0];
const faultOfChannel = (channel: Record<string, unknown>) => faultsOf({ channels: { c: channel } })[0];

test('what a config leaves out has a default', () => {
  const { everySeconds, channels, rules } = parseAlerts(
    {
      timeZone: 'Asia/Seoul',
      channels: { ops, mail: { kind: 'email', host: 'mail.example.com', from: 'a@b.c', to: 'x@y.z' } },
      rules: [
        {
          name: 'slow',
          kind: 'latency',
          above: 250,
          hours: 'Mon-Fri 08:00-18:00',
          escalateAfter: '30m',
          escalateTo: ['mail'],
        },
        { name: 'bad', kind: 'metric', metric: 'mae', above: 3, channels: ['ops'], repeatAfter: 'never' },
      ],
    },
    'riskops.config.json',
  );
  expect(everySeconds).toBe(60);
  expect(channels).toMatchObject([
    { name: 'ops', kind: 'webhook', allowPrivate: false, timeoutMs: 10_000, secretEnv: null },
    { name: 'mail', secure: 'starttls', port: 587, to: ['x@y.z'], user: null },
  ]);
  expect(rules).toMatchObject([
    {
      channels: ['ops', 'mail'],
      quantile: 0.95,
      since: 300_000,
      hours: { zone: 'Asia/Seoul' },
      escalateAfter: 1_800_000,
    },
    { channels: ['ops'], above: 3, below: null, least: 50, for: 0, repeatAfter: null, hours: null },
  ]);
});

test('every fault has its place, and a slip of the hand its right word', () => {
  expect(faultOfRule({ kind: 'metrik' })).toBe(
    'alerts.rules[0] has the unknown kind "metrik"; did you mean "metric"?',
  );
  expect(faultOfRule({ kind: 'metric', metric: 'mea', above: 1 })).toContain(
    'alerts.rules[0].metric "mea" is not known',
  );
  expect(faultOfRule({ kind: 'drift', sinse: '7d' })).toBe(
    'alerts.rules[0]: unknown key "sinse"; did you mean "since"?',
  );
  expect(faultOfRule({ kind: 'metric', metric: 'mae' })).toBe(
    'alerts.rules[0] needs exactly one of "above" and "below"',
  );
  expect(faultOfRule({ kind: 'score', above: 1 })).toContain('"count" and "share"');
  expect(faultOfRule({ kind: 'drift', since: '7w' })).toContain('alerts.rules[0].since is a time like');
  expect(faultOfRule({ kind: 'drift', hours: 'Mon-Fry 08:00-18:00' })).toContain('did you mean "Fri"?');
  expect(faultOfRule({ kind: 'drift', timeZone: 'Asia/Soul' })).toContain('is a time zone like');
  expect(faultOfRule({ kind: 'drift', channels: ['opps'] })).toContain(
    '"opps", which is no channel; did you mean "ops"?',
  );
  expect(faultOfRule({ kind: 'drift', escalateAfter: '5m' })).toContain(
    'both of "escalateAfter" and "escalateTo"',
  );
  expect(
    faultsOf({
      rules: [
        { name: 'a', kind: 'drift' },
        { name: 'a', kind: 'drift' },
      ],
    }),
  ).toEqual(['alerts.rules[1]: another rule is called "a" too']);
  expect(faultsOf({ chanels: {} })[0]).toContain('unknown key "chanels"; did you mean "channels"?');
  expect(faultsOf({ rules: [null, 3] })).toHaveLength(2);
  // A metric that no task is measured by is none for a rule.
  expect(faultOfRule({ kind: 'metric', metric: 'gini', above: 1 })).toContain('"gini" is not known');
});

test('channels alone are enough to test them, and a value of the wrong kind is told in plain words', () => {
  expect(parseAlerts({ channels: { ops } }, 'riskops.config.json')).toMatchObject({
    ...{ rules: [], channels: [{ name: 'ops' }] },
  });
  const wrong = { everySeconds: 'x', keepDays: 1.5, rules: 4 };
  expect(faultsOf(wrong)).toEqual([
    'alerts.everySeconds must be a number',
    'alerts.keepDays must be a whole number',
    'alerts.rules must be a list',
  ]);
  expect(faultsOf({ everySeconds: 0 })).toEqual(['alerts.everySeconds must be at least 1']);
  expect(faultOfRule({ kind: 'latency' })).toBe('alerts.rules[0].above is missing: it is a number');
  expect(faultOfRule({ kind: 'latency', above: 0 })).toBe('alerts.rules[0].above must be more than 0');
  expect(faultOfRule({ kind: 'drift', model: '' })).toBe('alerts.rules[0].model is empty');
  expect(faultOfChannel({ kind: 'command', command: [] })).not.toContain('Invalid');
});

test('a channel that could leak is refused', () => {
  expect(faultOfChannel({ ...ops, secret: 'abc' })).toBe(
    'alerts.channels.c: "secret" must not stand in a config; name the environment variable with it in "secretEnv"',
  );
  expect(faultOfChannel({ ...ops, url: 'http://hooks.example.com/' })).toContain('only https is asked');
  expect(faultOfChannel({ ...ops, url: 'https://127.0.0.1/' })).toContain('in a private network');
  expect(faultOfChannel({ ...ops, url: 'https://u:p@hooks.example.com/' })).toContain('a user or a password');
  expect(faultOfChannel({ kind: 'slack' })).toContain('exactly one of "url" and "urlEnv"');
  const mail = { kind: 'email', host: 'mail.example.com', from: 'a@b.c', to: ['x@y.z'] };
  expect(faultOfChannel({ ...mail, password: 'x' })).toContain('"passwordEnv"');
  expect(faultOfChannel({ ...mail, user: 'u' })).toContain('both of "user" and "passwordEnv"');
  expect(faultOfChannel({ ...mail, secure: 'none', user: 'u', passwordEnv: 'P' })).toContain('not encrypted');
  expect(faultOfChannel({ ...mail, to: ['x@y.z\r\nBcc: all@y.z'] })).toContain('is a mail address');
  expect(faultOfChannel({ kind: 'command', command: 'rm -rf x' })).toContain('.command');
  expect(faultsOf({ channels: { 'a b': ops } })[0]).toContain("a channel's name");
});
