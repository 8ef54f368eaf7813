import { expect, test } from 'vitest';
import { predictionsAsTraining } from '../../src/monitoring/export-training.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import { storeWithModel } from '../serving/support.js';
import { predictionAt, writeLog } from './log-support.js';

const at = (minute: number) => `2026-03-01T00:0${minute}:00.000Z`;

test('rows to learn from: features and what names the thing, with what came; nothing without an outcome, shadowed or redacted', async () => {
  const store = await storeWithModel();
  const row = { income: 0.5, age: 40, region: '서울', owner: true };
  const byName = predictionAt(at(1), { inputs: { ...row, customer: 'c1', default: 'good', odd: 1 } });
  const byPlace = predictionAt(at(2), { inputs: [0.7, 50, null, false] });
  const pending = predictionAt(at(3));
  const hidden = predictionAt(at(4), { inputs: { ...row, income: null }, redacted: ['income'] });
  const shadow = predictionAt(at(5), { shadow_of: byName.id });
  await writeLog(store, [byName, byPlace, pending, hidden, shadow]);
  const told = [byName, byPlace, hidden].map(({ id }) => ({ prediction_id: id, value: 'bad' }));
  await addOutcomes(store, told, { actor: 'kim' });

  const count = { rows: 0, without_outcome: 0, redacted: 0 };
  const request = { model: 'credit', entity: ['customer'], shadow: true };
  let text = '';
  for await (const piece of predictionsAsTraining(store, request, count)) text += piece;
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows).toEqual([
    { ...row, customer: 'c1', default: 'bad' },
    { income: 0.7, age: 50, region: null, owner: false, default: 'bad' },
  ]);
  expect(count).toEqual({ rows: 2, without_outcome: 1, redacted: 1 });
});
