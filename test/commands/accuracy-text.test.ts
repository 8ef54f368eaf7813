import { expect, test } from 'vitest';
import { accuracyLines } from '../../src/commands/accuracy-text.js';
import { measureAccuracy } from '../../src/monitoring/accuracy.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import type { Store } from '../../src/storage/store.js';
import { predictionAt, writeLog } from '../monitoring/log-support.js';
import { addVersion, fitModel, storeWithModel } from '../serving/support.js';

const NOW = Date.parse('2026-03-20T00:00:00.000Z');

/** Predictions of a version on a day, of which the first ones have an outcome; nine of ten are right. */
async function predict(
  store: Store,
  day: string,
  { version = 1, count = 40, told = count }: { version?: number; count?: number; told?: number } = {},
) {
  const made = Array.from({ length: count }, (_, i) =>
    predictionAt(new Date(Date.parse(`${day}T10:00:00.000Z`) + i * 1000).toISOString(), {
      ...{ version, prediction: i % 2 === 0 ? 0.8 : 0.2, class: i % 2 === 0 ? 'bad' : 'good' },
    }),
  );
  await writeLog(store, made);
  const outcomes = made.slice(0, told).map(({ id }, i) => ({
    prediction_id: id,
    value: (i % 2 === 0) === i % 10 > 0 ? 'bad' : 'good',
  }));
  await addOutcomes(store, outcomes, { actor: 'kim', now: NOW });
}

const cells = (line: string) => line.trim().split(/ {2,}/);

test('beside each figure of held-out rows stands the version that had it', async () => {
  const store = await storeWithModel();
  await predict(store, '2026-03-01');
  const text = async () =>
    accuracyLines(await measureAccuracy(store, { model: 'credit', metrics: ['auc', 'brier'] }));
  expect((await text()).slice(2)).toEqual([
    expect.stringMatching(/^metric +value +95 % interval +holdout$/),
    expect.stringMatching(/^auc .* 0\.75 +/),
    expect.stringMatching(/^brier .* -$/),
    'holdout: version 1 on its held-out rows.',
  ]);
  await addVersion(store, await fitModel(2, 'binary', undefined, { metrics: { auc: 0.6 } }));
  await predict(store, '2026-03-02', { version: 2, count: 30 });
  await addVersion(store, await fitModel(3, 'binary', undefined, { metrics: { auc: 0.99 } }));
  await predict(store, '2026-03-03', { version: 3, count: 12 });
  const lines = (await text()).slice(2);
  const [head, all, first, second, third, brier] = lines.map(cells);
  expect(head).toEqual(['metric', 'version', 'outcomes', 'value', '95 % interval', 'holdout']);
  // Of all versions together there is no such figure.
  expect([all.slice(0, 3), all.slice(5)]).toEqual([['auc', 'all', '82'], ['-']]);
  expect([first.slice(0, 2), first[4]]).toEqual([['1', '40'], '0.75']);
  expect([second.slice(0, 2), second[4]]).toEqual([['2', '30'], '0.6']);
  expect(third).toEqual(['3', '12', '-', '12 outcomes: too few', '0.99']);
  expect(brier.slice(0, 3)).toEqual(['brier', 'all', '82']);
  expect(lines.at(-1)).toBe('holdout: each version on its own held-out rows.');
});

test('windows without outcomes are left out at both ends, and are one line between', async () => {
  const store = await storeWithModel();
  await predict(store, '2026-03-05', { told: 32 });
  await predict(store, '2026-03-07', { count: 4, told: 0 });
  await predict(store, '2026-03-10', { count: 35 });
  await predict(store, '2026-03-11', { count: 20 });
  await predict(store, '2026-03-13', { count: 7, told: 0 });
  const measure = (from: string, to: string) =>
    measureAccuracy(store, { ...{ model: 'credit', metrics: ['brier'], windowMs: 86_400_000 }, from, to });
  const lines = accuracyLines(await measure('2026-03-01T00:00:00.000Z', '2026-03-20T00:00:00.000Z'));
  const table = lines.slice(lines.indexOf('', 2) + 1).map(cells);
  const at = (day: string) => `2026-03-${day}T00:00:00.000Z`;
  expect(table.map((line) => line.filter((_, i) => i !== 5))).toEqual([
    ['from', 'to', 'predictions', 'outcomes', 'coverage'],
    [at('05'), at('06'), '40', '32', '80.0 %'],
    [at('06'), at('10'), '4', '0', '0.0 %', '4 windows without an outcome'],
    [at('10'), at('11'), '35', '35', '100.0 %'],
    [at('11'), at('12'), '20', '20', '100.0 %', '20 outcomes: too few'],
    [`From ${at('12')} to ${at('14')}: 7 predictions, none with an outcome.`],
  ]);
  const none = accuracyLines(await measure('2026-03-12T00:00:00.000Z', '2026-03-20T00:00:00.000Z'));
  expect(none.at(-1)).toBe('No window has an outcome.');
});
