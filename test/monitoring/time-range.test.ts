import { expect, test } from 'vitest';
import { predictionsOf, readPredictions } from '../../src/monitoring/read-predictions.js';
import { readRange } from '../../src/monitoring/time-range.js';
import { openTestStore } from '../serving/support.js';
import { predictionAt, writeLog } from './log-support.js';

const flag = (key: string) => `--${key}`;
const refused = (message: string) => expect.objectContaining({ code: 'OPTION_INVALID', message });
const DAY = 86_400_000;

test('a time is read from its words, and one without a moment in it that is over is refused', () => {
  const range = (since?: string, until?: string, otherwise?: string) => () =>
    readRange({ since, until }, flag, otherwise);
  expect(range()()).toEqual({});
  expect(range('2026-03-01', '2026-03-02')()).toEqual({
    ...{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' },
  });
  const { from, to } = range(undefined, '1d', '7d')();
  expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBe(6 * DAY);
  const reversed = refused('until is before since.');
  expect(range('2026-03-02', '2026-03-01')).toThrow(reversed);
  expect(range('1d', '2d')).toThrow(reversed);
  expect(range('2026-03-01T09:00+09:00', '2026-02-28T23:00Z')).toThrow(reversed);
  expect(range(undefined, '2020-01-01', '7d')).toThrow(
    expect.objectContaining({ why: expect.stringContaining('(7d when not given)') }),
  );
  expect(range('1d', '1d')).toThrow(
    refused('--until is the same moment as --since: there is no time between.'),
  );
  const tomorrow = new Date(Date.now() + DAY).toISOString();
  expect(range(tomorrow)).toThrow(refused('--since is yet to come: there is no time between.'));
  // An end that is yet to come is now.
  expect(range('1d', tomorrow)()).toMatchObject({ to: tomorrow });
});

test('no reader of the log takes a time that ends before it begins for one without data', async () => {
  const store = await openTestStore();
  const [first, last] = [predictionAt('2026-03-01T00:00:00.000Z'), predictionAt('2026-03-02T00:00:00.000Z')];
  await writeLog(store, [first, last]);
  const reversed = { from: last.at, to: first.at };
  const read = predictionsOf(store, { model: 'credit', ...reversed });
  await expect(read.next()).rejects.toThrow('until is before since.');
  await expect(readPredictions(store, reversed)).rejects.toThrow('until is before since.');
  await expect(readPredictions(store, { from: last.id, to: first.id })).rejects.toThrow('until is before');
  expect(await readPredictions(store, { from: last.id, to: last.id })).toHaveLength(1);
});
