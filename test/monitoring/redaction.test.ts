import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { openPredictionLog } from '../../src/monitoring/prediction-log.js';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { compileRedaction } from '../../src/monitoring/redaction.js';
import { tracePrediction } from '../../src/monitoring/trace.js';
import { goodRow, openApp, openTestStore, storeWithModel } from '../serving/support.js';
import { predictionAt } from './log-support.js';

const AT = '2026-03-01T00:00:00.000Z';

test('a pattern matches whole names, and a run of characters at each star', () => {
  const covers = (pattern: string, name: string) => compileRedaction([pattern])?.covers(name);
  expect(['customer.age', 'customer.'].map((name) => covers('customer.*', name))).toEqual([true, true]);
  expect(['customer', 'my customer.age', 'customers'].map((name) => covers('customer.*', name))).toEqual([
    ...[false, false, false],
  ]);
  expect([covers('a*b*a', 'aba'), covers('a*b*a', 'ab'), covers('a*a', 'a'), covers('*', '')]).toEqual([
    ...[true, false, false, true],
  ]);
  expect([covers('a.b', 'axb'), covers('나이'.normalize('NFD'), '나이')]).toEqual([false, true]);
  // As the regular expression that it stands for.
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
  fc.assert(
    fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, name) => {
      const wanted = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
      expect(covers(pattern, name)).toBe(wanted);
    }),
  );
  expect(compileRedaction([])).toBeNull();
});

test('no value of a covered field is written, in rows of names, of places, and of nobody knows what', async () => {
  const store = await openTestStore();
  const { database } = store.places;
  const log = openPredictionLog({ database, mode: 'buffered', redact: ['income', '__proto__', 'secret.*'] });
  onTestFinished(() => log.close());
  const named = JSON.parse('{"income": 1234567, "age": 40, "__proto__": 1234567, "secret.name": "1234567"}');
  const names = { features: [{ name: 'age' }, { name: 'income' }] };
  const entries = [named, [40, 1234567], [40, 1234567, 1], [1234567]].map((inputs) =>
    predictionAt(AT, { inputs }),
  );
  expect(log.redacts).toBe(true);
  log.append(entries.slice(0, 3), names);
  log.append(entries.slice(3));
  log.appendLine(predictionAt(AT).id, JSON.stringify(predictionAt(AT, { inputs: { income: 1234567 } })));
  await log.flush();
  const kept = await readPredictions(store, {});
  expect(kept.length).toBe(5);
  expect(JSON.stringify(kept)).not.toContain('1234567');
  const found = entries.map(({ id }) => kept.find((one) => one.id === id));
  expect(found.map((one) => one?.redacted)).toEqual([
    ...[['income', '__proto__', 'secret.name'], ['income'], ['*'], ['*']],
  ]);
  expect(found.map((one) => one?.inputs)).toEqual([
    JSON.parse('{"income": null, "age": 40, "__proto__": null, "secret.name": null}'),
    ...[[40, null], null, null],
  ]);
});

test('the server redacts every row, tells of names that are nobody, and a replay says why it is impossible', async () => {
  const store = await storeWithModel();
  const { app, context } = await openApp(store.places, {
    log: { mode: 'sync', redact: ['income'] },
    beside: () => ['customer'],
  });
  const ask = async (payload: object) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/predict', payload });
    expect(statusCode).toBe(200);
    return JSON.parse(body);
  };
  const byName = await ask({ inputs: { ...goodRow, customer: 'A-7' } });
  const byPlace = await ask({ features: Object.values(goodRow) });
  expect([byName.warnings, byName.prediction]).toEqual([undefined, byPlace.prediction]);
  await context.log.flush();
  const [first, second] = await readPredictions(store, {});
  expect(first.inputs).toEqual({ ...goodRow, income: null, customer: 'A-7' });
  expect(second.inputs).toEqual([null, 40, '서울', true]);
  const trace = await tracePrediction(store, first.id, { root: '.', replay: true });
  expect(trace.replay).toMatchObject({
    result: 'impossible',
    why: expect.stringMatching(/^redacted: .*income/),
  });
  expect(trace.notes).toContain('The log does not keep the values of: income.');
});
