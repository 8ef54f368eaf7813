import { expect, test } from 'vitest';
import { readPredictions } from '../../../src/monitoring/read-predictions.js';
import { getVersion } from '../../../src/registry/versions.js';
import { shareOfText } from '../../../src/serving/trials/canary.js';
import type { TrialVersion } from '../../../src/serving/trials/trial-version.js';
import type { Store } from '../../../src/storage/store.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openApp,
  openTestStore,
  promote,
  startTestServer,
} from '../support.js';

async function versions(names?: readonly string[]): Promise<Store> {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1));
  await addVersion(store, await fitModel(2, 'binary', names));
  await promote(store, 1);
  return store;
}

async function canaryOf(store: Store, share: number, change: object = {}) {
  const { run_id, path, sha256 } = await getVersion(store, 'credit', 2);
  const version: TrialVersion = {
    model: 'credit',
    entry: { version: 2, run_id, path, sha256, ...change },
  };
  return { shadow: null, canary: { version, share } };
}

type App = Awaited<ReturnType<typeof openApp>>['app'];

async function ask(app: App, id: string, inputs: unknown = goodRow) {
  const answer = await app.inject({
    method: 'POST',
    url: '/predict',
    headers: { 'x-request-id': id, host: 'localhost' },
    payload: { inputs },
  });
  return { status: answer.statusCode, ...(answer.json() as { version: number; prediction: number }) };
}

test('the share of requests is about as asked, whatever ids look like', () => {
  const ids: ((i: number) => string)[] = [
    (i) => String(i),
    (i) => `request-${i}`,
    (i) =>
      `01a1ff4c-67b1-7${(i % 4096).toString(16).padStart(3, '0')}-aadb-${i.toString(16).padStart(12, '0')}`,
  ];
  for (const idOf of ids) {
    const below = Array.from({ length: 20_000 }, (_, i) => shareOfText(idOf(i))).filter((s) => s < 0.05);
    // Four standard deviations of 20,000 draws.
    expect(Math.abs(below.length - 1_000)).toBeLessThan(124);
  }
});

test('one id has the same version every time, the answer says which, and the log marks it', async () => {
  const store = await versions();
  const trials = await canaryOf(store, 0.3);
  const { app, context } = await openApp(store.places, { trials, log: { mode: 'buffered' } });
  const first = [];
  for (let i = 0; i < 60; i++) first.push(await ask(app, `id-${i}`));
  for (let i = 0; i < 60; i++)
    expect(await ask(app, `id-${i}`)).toMatchObject({
      version: first[i].version,
      prediction: first[i].prediction,
    });
  const canaries = first.filter(({ version }) => version === 2);
  expect(canaries.length).toBeGreaterThan(8);
  expect(canaries.length).toBeLessThan(30);
  await context.log.flush();
  const entries = await readPredictions(store, {});
  expect(entries.map(({ version, canary }) => canary === (version === 2 ? true : undefined))).not.toContain(
    false,
  );
  expect(entries.filter(({ canary }) => canary)).toHaveLength(2 * canaries.length);
  await promote(store, 2);
  expect(await ask(app, 'id-1')).toMatchObject({ version: 2 });
  await context.log.flush();
  expect((await readPredictions(store, {})).at(-1)).not.toHaveProperty('canary');
});

test('through a socket, where the server makes the ids, the share is as asked on the short way and on the long one', async () => {
  const store = await versions();
  const trials = await canaryOf(store, 0.5);
  const server = await startTestServer(store.places, { trials, log: { mode: 'buffered' } });
  // A value that training never saw is a warning, which the long way writes.
  for (const region of ['서울', '제주']) {
    const found: number[] = [];
    for (let i = 0; i < 120; i++) {
      const answer = await fetch(`${server.url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: { ...goodRow, region } }),
      });
      found.push(((await answer.json()) as { version: number }).version);
    }
    const share = found.filter((version) => version === 2).length;
    // Four standard deviations.
    expect(Math.abs(share - 60)).toBeLessThan(22);
  }
});

test('where the canary cannot answer, the promoted version does', async () => {
  const store = await versions();
  const { app, context } = await openApp(store.places, { trials: await canaryOf(store, 0.999) });
  expect(await ask(app, 'a')).toMatchObject({ status: 200, version: 2 });
  const promoted = await context.slots.current();
  const canary = context.hooks.choose!(promoted, 'a');
  canary.predictor = {
    ...canary.predictor,
    predictCells: (_, rows) => new Float64Array(rows).fill(Number.NaN),
  };
  expect(await ask(app, 'a')).toMatchObject({ status: 200, version: 1 });
  expect((await context.metrics.read()).text).toMatch(/^riskops_canary_fallbacks 1$/m);
  // What neither can answer is refused as ever.
  expect(await ask(app, 'a', { income: 'much' })).toMatchObject({ status: 422 });
});

test('a canary that cannot be loaded, or that takes other rows, is told and never asked', async () => {
  const store = await versions(['age', 'owner']);
  for (const change of [{}, { sha256: '0'.repeat(64) }]) {
    const { app } = await openApp(store.places, { trials: await canaryOf(store, 0.999, change) });
    expect(await ask(app, 'a')).toMatchObject({ status: 200, version: 1 });
    const ready = await app.inject({ url: '/ready', headers: { host: 'localhost' } });
    expect(ready.json()).toMatchObject({ ready: true, degraded: true });
    expect(ready.json().warnings.join()).toContain('The canary does not take part');
  }
});
