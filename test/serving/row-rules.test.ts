import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { RowRules, type RowRulesConfig } from '../../src/serving/row-rules.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openTestStore,
  promote,
  signature,
  startTestServer,
} from './support.js';

interface Answer {
  prediction_id: string;
  prediction: number;
  predictions: { prediction: number }[];
  warnings?: { feature: string; code: string }[];
  error: { code: string; message: string; hint: string; details: { problems: Record<string, unknown>[] } };
}

/** A server of two versions' store with these rules, and how to ask it. */
async function serveWith(config: Partial<RowRulesConfig>) {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1));
  await promote(store, 1);
  const told: string[] = [];
  const rules = new RowRules(new Map([['credit', { checks: null, lookups: null, ...config }]]), {
    onTrouble: (line) => told.push(line),
  });
  onTestFinished(() => rules.close());
  await rules.start('credit', signature);
  const server = await startTestServer(store.places, {
    log: { mode: 'sync' },
    hooks: { prepare: rules.prepare },
    beside: (model) => rules.beside(model),
  });
  const ask = async (payload: unknown, path = '/predict') => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });
    return { status: response.status, body: (await response.json()) as Answer };
  };
  return { store, told, ask };
}

const CHECKS = [
  { rule: "age >= 21 or region = '부산'", message: 'Too young for 서울.' },
  'income is not missing',
];

test('a row that breaks a check is a 422 with rule, fields, values and row, however it comes', async () => {
  const { ask } = await serveWith({ checks: CHECKS });
  expect((await ask({ inputs: goodRow })).status).toBe(200);
  const { status, body } = await ask({ inputs: { ...goodRow, age: 20 } });
  expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
  expect(body.error.message).toContain('Too young for 서울.');
  expect(body.error.details.problems).toEqual([
    {
      row: 0,
      rule: CHECKS[0]['rule' as never],
      message: 'Too young for 서울.',
      fields: { age: 20, region: '서울' },
    },
  ]);
  const byPosition = await ask({ features: [0.5, 20, '서울', true] });
  expect(byPosition.body.error.details.problems).toEqual(body.error.details.problems);
  const many = await ask(
    { inputs: [goodRow, { ...goodRow, income: null }, { ...goodRow, age: 20 }] },
    '/explain',
  );
  expect(many.status).toBe(422);
  expect(many.body.error.details.problems.map(({ row, rule }) => [row, rule])).toEqual([
    [1, CHECKS[1]],
    [2, "age >= 21 or region = '부산'"],
  ]);
  // What is no row of the model is refused as ever.
  expect((await ask({ inputs: { ...goodRow, age: 'x' } })).body.error.message).toContain('age');
  expect((await ask({ features: [1] })).body.error.code).toBe('FEATURE_SIZE_MISMATCH');
});

test('features are looked up by a key, checked, scored and logged as they were scored', async () => {
  const file = join(temporaryFolder(), 'people.db');
  const database = openConnection(file);
  database.exec(
    "CREATE TABLE people (id INTEGER PRIMARY KEY, region TEXT, owner INTEGER); INSERT INTO people VALUES (7, '서울', 1), (8, '서울', 0)",
  );
  database.close();
  const lookup = {
    key: 'person',
    source: `sqlite:${file}`,
    query: 'SELECT region, owner FROM people WHERE id = ?',
    features: { region: 'region', owner: 'owner' },
    timeoutMs: 5_000,
  };
  const { ask, store } = await serveWith({ lookups: [lookup], checks: ["owner or region != '서울'"] });
  const { region: _, owner: __, ...sent } = goodRow;
  const whole = await ask({ inputs: goodRow });
  const { status, body } = await ask({ inputs: { ...sent, person: 7 } });
  expect([status, body.prediction, body.warnings]).toEqual([200, whole.body.prediction, undefined]);
  const [logged] = await readPredictions(store, { id: body.prediction_id });
  expect(logged.inputs).toEqual({ ...goodRow, person: 7 });
  // A check sees what was looked up.
  expect((await ask({ inputs: { ...sent, person: 8 } })).body.error.details.problems[0]).toMatchObject({
    fields: { owner: false, region: '서울' },
  });
  const unknown = await ask({
    inputs: [
      { ...sent, person: 7 },
      { ...sent, person: 9 },
    ],
  });
  expect([unknown.status, unknown.body.error.details.problems]).toEqual([
    422,
    [{ row: 1, field: 'person', problem: '9 is not known' }],
  ]);
  expect((await ask({ inputs: sent })).body.error.message).toContain('is needed to look up region');
  // What was logged is a request that gives the same answer.
  const again = await ask({ inputs: logged.inputs });
  expect(again.body.prediction).toBe(body.prediction);
});

test('a source that is away is a 503 with Retry-After in mind, and its own words are for the operator alone', async () => {
  const file = join(temporaryFolder(), 'secret-place.db');
  const { ask, told } = await serveWith({
    lookups: [
      {
        key: 'person',
        source: `sqlite:${file}`,
        query: 'SELECT r FROM p WHERE id = ?',
        features: { r: 'region' },
      },
    ],
  });
  expect(told[0]).toContain('gives nothing');
  const { region: _, ...sent } = goodRow;
  const { status, body } = await ask({ inputs: { ...sent, person: 1 } });
  expect([status, body.error.code]).toEqual([503, 'LOOKUP_UNAVAILABLE']);
  expect(JSON.stringify(body)).not.toMatch(/secret|SQLITE|ENOENT|database/i);
  expect((await ask({ inputs: goodRow })).status).toBe(200);
});

test('rules that do not fit the current model are refused before anything is served', async () => {
  const start = (config: Partial<RowRulesConfig>) => {
    const rules = new RowRules(new Map([['credit', { checks: null, lookups: null, ...config }]]), {
      onTrouble() {},
    });
    onTestFinished(() => rules.close());
    return rules.start('credit', signature);
  };
  await expect(start({ checks: ['incom > 1'] })).rejects.toMatchObject({
    code: 'CHECKS_INVALID',
    message: expect.stringContaining('did you mean "income"?), at character 1'),
  });
  await expect(start({ checks: ["age > 'x'"] })).rejects.toMatchObject({ code: 'CHECKS_INVALID' });
  const file = join(temporaryFolder(), 'people.db');
  openConnection(file).close();
  const lookup = { key: 'person', source: `sqlite:${file}`, query: 'SELECT r FROM p WHERE id = ?' };
  await expect(start({ lookups: [{ ...lookup, features: { r: 'region' } }] })).rejects.toMatchObject({
    code: 'CHECKS_INVALID',
    why: 'no such table: p',
  });
  await expect(start({ lookups: [{ ...lookup, features: { r: 'regoin' } }] })).rejects.toMatchObject({
    why: expect.stringContaining('did you mean "region"'),
  });
});

test('a later version without a field keeps the other checks, and an operator is told', async () => {
  const told: string[] = [];
  const rules = new RowRules(new Map([['credit', { checks: CHECKS, lookups: null }]]), {
    onTrouble: (line) => told.push(line),
  });
  const later = { ...signature, features: signature.features.filter(({ name }) => name !== 'region') };
  const model = { name: 'credit', header: { signature: later } } as Parameters<
    NonNullable<typeof rules.prepare>
  >[0];
  const limit = { deadline: performance.now() + 60_000, isGone: () => false };
  const rows = [{ income: 1, age: 20, owner: true }];
  expect(await rules.prepare?.(model, rows, limit)).toBe(rows);
  await expect(rules.prepare?.(model, [{ income: null }], limit)).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
  });
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('region');
});
