import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { type CheckAlertsOptions, checkAlerts } from '../../../src/monitoring/alerts/check-alerts.js';
import type { LoggedPrediction } from '../../../src/monitoring/logged-prediction.js';
import { addOutcomes } from '../../../src/monitoring/outcomes.js';
import { promoteCandidate } from '../../../src/pipeline/promote-candidate.js';
import { judgeTraining, trainModel } from '../../../src/pipeline/train.js';
import type { Store } from '../../../src/storage/store.js';
import { seededRandom } from '../../../src/util/random.js';
import { openStoreIn, planFor } from '../../pipeline/support.js';
import { addVersion, fitModel, promote, storeWithModel } from '../../serving/support.js';
import { writeLoans } from '../../support/loans.js';
import { temporaryFolder } from '../../support/temporary.js';
import { alertsConfig, Clock, HOUR, MINUTE, receiver, webhook } from './alerts-support.js';

const AT = new Clock().now().getTime();

/** Writes predictions as a server would, each `minutes` before the clock's start. */
async function log(
  store: Store,
  entries: (Partial<LoggedPrediction> & { minutes: number })[],
): Promise<string[]> {
  const whole = entries
    .map(({ minutes, ...entry }): LoggedPrediction => {
      const ms = AT - minutes * MINUTE;
      const at = new Date(ms).toISOString();
      const base = { id: v7({ msecs: ms }), at, request_id: 'r', model: 'loans', version: 1 };
      return { ...base, inputs: {}, prediction: 0.5, class: 0, ...entry };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const rows = whole.map((entry) => ({
    ...{ first_id: entry.id, last_id: entry.id, rows: 1, written_at: entry.at },
    content: Buffer.from(`${JSON.stringify(entry)}\n`),
  }));
  await store.write((transaction) => transaction.insertInto('prediction_segments').values(rows).execute());
  return whole.map(({ id }) => id);
}

async function trained(): Promise<Store> {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const training = await trainModel(store, planFor(folder, {}), { root: folder });
  await promoteCandidate(store, {
    ...{ judged: await judgeTraining(store, training), actor: 'a', reason: 'first' },
  });
  return store;
}

function checker(store: Store, rules: Record<string, unknown>[], channels: Record<string, unknown> = {}) {
  const clock = new Clock();
  const config = alertsConfig(channels, rules);
  const common = { model: null, entities: {}, server: null, secret: () => undefined, now: clock.now };
  const check = (more: Partial<CheckAlertsOptions> = {}) =>
    checkAlerts(store, { ...common, config, ...more });
  return { clock, check };
}

const row = (random: () => number, shift = 0) => ({
  ...{ income: random() * 100 + shift, debt: random() * 50, age: Math.floor(20 + random() * 50) },
  지역: ['서울', '부산', '제주'][Math.floor(random() * 3)],
});

test('drift, a metric that got worse, and silence are found and delivered, and are over in time', async () => {
  const store = await trained();
  const { url, messages } = await receiver();
  const { clock, check } = checker(
    store,
    [
      { name: 'drifts', kind: 'drift', since: '1d' },
      { name: 'brier', kind: 'metric', metric: 'brier', above: 0.3, since: '1d' },
      { name: 'by region', kind: 'metric', metric: 'brier', above: 0.3, by: '지역', since: '1d', least: 20 },
      { name: 'silent', kind: 'no-data', since: '2h', severity: 'critical' },
      { name: 'lunch', kind: 'no-data', since: '1h', hours: ['Mon 00:00-12:30', 'Mon 14:50-24:00'] },
      { name: 'few', kind: 'metric', metric: 'brier', above: 0.3, since: '1d', least: 401 },
      { name: 'no outcomes', kind: 'no-data', of: 'outcomes', since: '2h' },
      { name: 'asleep', kind: 'no-data', since: '2h', hours: 'Sun 00:00-24:00' },
      { name: 'other', kind: 'drift', model: 'loan' },
    ],
    { ops: webhook(url) },
  );
  const random = seededRandom(3);
  const entries = Array.from({ length: 400 }, (_, i) => ({
    ...{ minutes: 1 + i, inputs: row(random, 60), prediction: 0.9, class: 1 },
  }));
  const ids = await log(store, entries);
  const outcomes = ids.map((prediction_id, i) => ({ prediction_id, value: i % 10 === 0 ? 1 : 0 }));
  await addOutcomes(store, outcomes, { actor: 'a', now: AT - MINUTE });
  const { rules, deliveries } = await check();
  const states = Object.fromEntries(rules.map((rule) => [`${rule.rule}: ${rule.subject}`, rule.state]));
  expect(states).toEqual({
    'silent: loans': 'fine',
    'lunch: loans': 'fine',
    'few: loans': 'unknown',
    'no outcomes: loans': 'fine',
    'asleep: ': 'asleep',
    'drifts: loans': 'firing',
    'other: loan': 'unknown',
    'brier: loans': 'firing',
    'by region: loans, 지역=서울': 'firing',
    'by region: loans, 지역=부산': 'firing',
    'by region: loans, 지역=제주': 'firing',
  });
  expect(rules.find(({ rule }) => rule === 'other')?.summary).toContain('loan');
  expect(deliveries.map(({ state }) => state)).toEqual(Array(5).fill('delivered'));
  const [drift] = messages().filter(({ rule }) => rule === 'drifts');
  expect(drift.details.drifted[0]).toMatchObject({ name: 'income' });
  const [brier] = messages().filter(({ rule }) => rule === 'brier');
  expect(brier.details).toMatchObject({ metric: 'brier', above: 0.3, outcomes: 400, version: 1 });
  expect(brier.details.value).toBeCloseTo(0.1 * 0.01 + 0.9 * 0.81, 10);

  clock.forward(3 * HOUR);
  const later = await check();
  const silent = later.rules.filter(({ event }) => event !== null).map(({ rule, event }) => [rule, event]);
  expect(silent).toEqual([
    ['silent', 'firing'],
    ['no outcomes', 'firing'],
  ]);
}, 20_000);

test('scores beyond a bound are counted in their window, by number and by share', async () => {
  const store = await trained();
  const { clock, check } = checker(store, [
    { name: 'count', kind: 'score', above: 0.8, count: 3, since: '1h' },
    { name: 'share', kind: 'score', below: 0.2, share: 0.5, since: '1h' },
    { name: 'few', kind: 'score', above: 0, count: 1, since: '1h', least: 10 },
  ]);
  const ids = await log(store, [
    ...[10, 20, 30].map((minutes) => ({ minutes, prediction: 0.81 })),
    ...[1, 2, 3].map((minutes) => ({ minutes, prediction: 0.1 })),
    { minutes: 5, prediction: 0.8 },
    { minutes: 90, prediction: 0.99 },
    { minutes: 4, prediction: 0.99, model: 'another' },
    { minutes: 4, prediction: 0.99, shadow_of: v7() },
  ]);
  const first = await check();
  expect(first.rules.map(({ state }) => state)).toEqual(['firing', 'fine', 'unknown']);
  expect(first.rules[0].summary).toBe(
    '3 of 7 prediction(s) of loans in the last 1h are above 0.8; an alert is 3 or more.',
  );
  expect(first.rules[0].details).toMatchObject({ beyond: 3, newest_prediction_ids: ids.slice(1, 4) });
  clock.forward(45 * MINUTE);
  expect((await check()).rules.map(({ state, event }) => [state, event])).toMatchObject([
    ['fine', 'resolved'],
    ['firing', 'firing'],
    ['unknown', null],
  ]);
});

test('a promotion under an alert that goes on is told to its channel, with both versions', async () => {
  const store = await storeWithModel();
  await addVersion(store, await fitModel(2));
  const { url, messages } = await receiver();
  const { check } = checker(store, [{ name: 'high', kind: 'score', above: 0.8, count: 1, since: '1h' }], {
    ops: webhook(url),
  });
  await log(store, [{ minutes: 1, prediction: 0.9, model: 'credit' }]);
  await check();
  await promote(store, 2);
  const { rules, deliveries } = await check();
  expect(rules).toMatchObject([{ state: 'firing', event: 'changed' }]);
  expect(deliveries).toMatchObject([{ event: 'changed', state: 'delivered' }]);
  expect((await check()).deliveries).toEqual([]);
  expect(messages().map(({ event, details }) => [event, details.version, details.version_before])).toEqual([
    ['firing', 1, undefined],
    ['changed', 2, 1],
  ]);
});

test('a rule that can never fire is told with the word that was meant, and holds up no other', async () => {
  const { check } = checker(await storeWithModel(), [
    { name: 'typo', kind: 'no-data', model: 'cerdit' },
    { name: 'task', kind: 'metric', metric: 'rmse', above: 1 },
    { name: 'fine', kind: 'metric', model: 'credit', metric: 'auc', below: 0.7 },
  ]);
  const { faults, rules } = await check();
  expect(faults).toEqual([
    {
      ...{ rule: 'typo', level: 'warning' },
      problem: 'There is no model "cerdit"; did you mean "credit"?',
    },
    {
      ...{ rule: 'task', level: 'error' },
      problem: expect.stringMatching(/^The accuracy of a binary model has no metric "rmse"; .*auc/),
    },
  ]);
  expect(rules.find(({ rule }) => rule === 'fine')?.summary).toContain('cannot be told over 0 outcome(s)');
});

test('without a model or a server nobody can tell, and that is said', async () => {
  const folder = temporaryFolder();
  const { check } = checker(await openStoreIn(folder), [
    { name: 'errors', kind: 'error-rate' },
    { name: 'drift', kind: 'drift' },
  ]);
  const { rules } = await check();
  expect(rules.map(({ state, summary }) => [state, summary])).toEqual([
    [
      'unknown',
      'The error rate is judged by each running server itself (riskops serve), not here; see what it found with: riskops alerts list.',
    ],
    ['unknown', 'There is no model yet.'],
  ]);
});
