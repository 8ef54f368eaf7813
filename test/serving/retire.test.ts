import { expect, test } from 'vitest';
import { retireModel } from '../../src/registry/retire.js';
import { rollback } from '../../src/registry/rollback.js';
import type { Store } from '../../src/storage/store.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openApp,
  promote,
  startTestServer,
  storeWithModel,
} from './support.js';

const REASON = 'complaints since Monday';
const retire = (store: Store) => retireModel(store, { model: 'credit', actor: 'kim', reason: REASON });
const back = (store: Store) =>
  rollback(store, { model: 'credit', actor: 'min', reason: 'it was not the model' });

test('a retired model is answered for no more, with who, when and why, and a rollback brings it back without a restart', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places, { model: 'credit' });
  const ask = async (url: string, body?: object) => {
    const method = body ? 'POST' : 'GET';
    const answer = await app.inject({ method, url, ...(body ? { payload: body } : {}) });
    return { status: answer.statusCode, body: answer.json() };
  };
  const predict = () => ask('/predict', { inputs: goodRow });
  expect((await predict()).status).toBe(200);

  const { promoted_at } = await retire(store);
  const why = `Version 1 was retired by kim at ${promoted_at}: ${REASON}`;
  const refused = {
    status: 404,
    body: {
      ok: false,
      error: {
        code: 'NO_CURRENT_MODEL',
        message: expect.stringContaining(why),
        details: {
          model: 'credit',
          retired: { version: 1, actor: 'kim', retired_at: promoted_at, reason: REASON },
        },
      },
    },
  };
  expect(await predict()).toMatchObject(refused);
  expect(await ask('/models/credit/predict', { inputs: goodRow })).toMatchObject(refused);
  expect(await ask('/model')).toMatchObject(refused);
  expect(await ask('/ready')).toMatchObject({ ...refused, status: 503, body: { ready: false } });
  expect(await ask('/health')).toMatchObject({ status: 200, body: { status: 'ok', model_loaded: false } });
  expect((await ask('/models')).body.items).toMatchObject([{ name: 'credit', current: null }]);

  await back(store);
  expect(await predict()).toMatchObject({ status: 200, body: { version: 1 } });
  expect((await ask('/ready')).status).toBe(200);
});

test('a server without a default model tells it too, and goes on with the others', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const ready = async () => app.inject({ method: 'GET', url: '/ready' });
  await retire(store);
  expect([(await ready()).statusCode, (await ready()).body]).toEqual([503, expect.stringContaining(REASON)]);
  await addVersion(store, await fitModel(2), 'macro');
  await promote(store, 1, 'macro');
  expect((await ready()).json()).toMatchObject({ ready: true, model: 'macro' });
  const asked = await app.inject({
    method: 'POST',
    url: '/models/credit/predict',
    payload: { inputs: goodRow },
  });
  expect([asked.statusCode, asked.body]).toEqual([404, expect.stringContaining(REASON)]);
});

test('what is in flight when a model is retired is answered; after it nothing is', async () => {
  const store = await storeWithModel();
  const server = await startTestServer(store.places);
  const rows = Array.from({ length: 500 }, () => goodRow);
  const answers: { status: number; sentAt: number; answeredAt: number }[] = [];
  let isOver = false;
  const client = async () => {
    while (!isOver) {
      const sentAt = performance.now();
      const answer = await fetch(`${server.url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: rows }),
      });
      await answer.text();
      answers.push({ status: answer.status, sentAt, answeredAt: performance.now() });
    }
  };
  const clients = [client(), client(), client(), client()];
  const reigns: [number, number][] = [];
  for (let round = 0; round < 8; round++) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    await retire(store);
    const retiredBy = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 40));
    const until = performance.now();
    await back(store);
    reigns.push([retiredBy, until]);
  }
  isOver = true;
  await Promise.all(clients);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 404]));
  const inside = answers.filter(({ sentAt, answeredAt }) =>
    reigns.some(([from, to]) => sentAt > from && answeredAt < to),
  );
  expect(inside.length).toBeGreaterThan(0);
  expect(inside.every(({ status }) => status === 404)).toBe(true);
});
