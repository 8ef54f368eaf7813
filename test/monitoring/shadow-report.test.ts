import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { trialLines } from '../../src/commands/compare-text.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import type { LoggedPrediction } from '../../src/monitoring/prediction-log.js';
import { trialReport } from '../../src/monitoring/shadow-report.js';
import { policyFor } from '../../src/pipeline/policy-in-force.js';
import { getVersion } from '../../src/registry/versions.js';
import { seededRandom } from '../../src/util/random.js';
import { addVersion, fitModel, openTestStore, promote } from '../serving/support.js';
import { predictionAt, writeLog } from './log-support.js';

const START = Date.parse('2026-03-01T00:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

async function project() {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1));
  await addVersion(store, await fitModel(2));
  await promote(store, 1);
  const report = async (from?: string) =>
    trialReport(store, {
      ...{ model: 'credit', from, entity: [] },
      policyFor: ({ task, learner }) => policyFor(task, learner.hyper, {}),
      trainingOf: async () => ({ rows: null, elsewhere: true, why: 'nobody knows' }),
      version: await getVersion(store, 'credit', 2),
      against: await getVersion(store, 'credit', 1),
    });
  return { store, report };
}

/** The shadow's answer to a logged row, some time later. */
const shadowOf = (real: LoggedPrediction, prediction: number, lateMs = 300): LoggedPrediction => ({
  ...real,
  ...{ id: v7({ msecs: Date.parse(real.at) + lateMs }), version: 2, shadow_of: real.id, prediction },
  class: prediction >= 0.4 ? 'bad' : 'good',
});

test('a shadow is compared on the rows that both answered; what it missed while it ran is counted', async () => {
  const { store, report } = await project();
  const random = seededRandom(3);
  const reals = Array.from({ length: 200 }, (_, i) => predictionAt(at(i), { prediction: random() }));
  // It ran from the 21st row to the 180th, and missed every tenth.
  const shadows = reals
    .slice(20, 180)
    .filter((_, i) => i % 10 !== 5)
    .map((real, i) => shadowOf(real, Number(real.prediction) / 2, i % 3 === 0 ? 4_000 : 1));
  const stray = [
    shadowOf(predictionAt(at(50)), 0.9),
    { ...shadowOf(reals[40], 0.9), version: 3 },
    // Of an answer that another version gave.
    predictionAt(at(60), { version: 3, prediction: 0.9 }),
  ];
  await writeLog(store, [...reals, ...shadows, ...stray], 13);
  const found = await report();
  const { shadow, canary } = found;
  expect(canary).toBeNull();
  // All 200 answers that were given: as many as a server counts.
  expect(trialLines(found).slice(1, 3)).toEqual([
    expect.stringContaining('160 answers given, 16 without one of the shadow'),
    expect.stringContaining('not counted: 20 answers of version 1 before that time and 20 after it'),
  ]);
  expect(shadow).toMatchObject({
    ...{ predictions: 160, without_shadow: 16, first: at(20), last: at(179), before: 20, after: 20 },
    answers: { rows: 144, shift: { correlation: expect.closeTo(1, 9) } },
    outcomes: { too_few: '0 outcomes: too few, 30 are needed' },
  });
  const told = reals.slice(0, 100).map(({ id }, i) => ({ prediction_id: id, value: i % 2 ? 'bad' : 'good' }));
  await addOutcomes(store, told, { actor: 'min' });
  const later = (await report()).shadow?.outcomes;
  expect(later).toMatchObject({ rows: { current: 72, candidate: 72 }, gain: { gain: 0, paired: true } });
  expect(await report(at(300))).toMatchObject({ shadow: null, canary: null });
});

test('a canary is compared with what was answered beside it in its time, on different rows, and that is said', async () => {
  const { store, report } = await project();
  const random = seededRandom(4);
  const outcomes: { prediction_id: string; value: string }[] = [];
  const entries = Array.from({ length: 1_000 }, (_, i) => {
    const truth = random() < 0.3;
    const isCanary = i >= 100 && i < 900 && i % 10 === 0;
    // The canary knows more.
    const prediction = (isCanary ? 0.6 : 0.1) * Number(truth) + 0.4 * random();
    const version = isCanary ? 2 : 1;
    const entry = predictionAt(at(i), {
      ...{ version, prediction, class: prediction >= 0.4 ? 'bad' : 'good' },
      ...(isCanary ? { canary: true } : {}),
    });
    outcomes.push({ prediction_id: entry.id, value: truth ? 'bad' : 'good' });
    return entry;
  });
  await writeLog(store, entries);
  await addOutcomes(store, outcomes, { actor: 'min' });
  const { shadow, canary } = await report();
  expect(shadow).toBeNull();
  expect(canary).toMatchObject({
    ...{ first: at(100), last: at(890), canary: { rows: 80 }, beside: { rows: 711 } },
    ...{ before: 100, after: 109 },
    outcomes: {
      rows: { candidate: 80, current: 711 },
      too_few: null,
      gain: { metric: 'auc', paired: false },
      open: [{ rule: 'min_rows', text: expect.stringContaining('only 80 live rows of the 100') }],
    },
  });
  expect(canary?.outcomes.gain?.lower).toBeGreaterThan(0);
  expect(canary?.outcomes.metrics.find(({ name }) => name === 'auc')?.candidate).toBe(1);
});
