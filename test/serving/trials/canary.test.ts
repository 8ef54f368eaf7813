import { expect, test } from 'vitest';
import { readPredictions } from '../../../src/monitoring/read-predictions.js';
import { protocolRoutes } from '../../../src/protocols/all.js';
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

/** With `customer` as the thing that rows are about, beside the features. */
async function canaryByCustomer(store: Store, share: number) {
  const names = () => ['customer'];
  return { trials: await canaryOf(store, share), entity: names, beside: names };
}

test('a thing that rows name has the same version every time, on every route and whatever the id of the request', async () => {
  const store = await versions();
  const { app } = await openApp(store.places, { ...(await canaryByCustomer(store, 0.3)) });
  let number = 0;
  const versionOf = async (url: string, payload: object) => {
    const headers = { 'x-request-id': `id-${number++}`, host: 'localhost' };
    const answer = await app.inject({ method: 'POST', url, headers, payload });
    expect([answer.statusCode, url]).toEqual([200, url]);
    const { version, metadata } = answer.json();
    return (version ?? metadata?.version) as number;
  };
  const found: number[] = [];
  for (let i = 0; i < 100; i++) {
    const row = { ...goodRow, customer: i };
    const version = await versionOf('/predict', { inputs: row });
    found.push(version);
    // The same as text, and of several rows that are about it alone.
    const same = [
      await versionOf('/models/credit/predict', { inputs: { ...row, customer: ` ${i}` } }),
      await versionOf('/predict', { inputs: [row, { ...row, age: 41 }] }),
      await versionOf('/predict?explain=true', { inputs: row }),
    ];
    expect(same).toEqual([version, version, version]);
  }
  const share = found.filter((version) => version === 2).length;
  // Four standard deviations of 100 draws.
  expect(Math.abs(share - 30)).toBeLessThan(18.4);
});

test('other protocols give a thing the version that /predict gives it', async () => {
  const store = await versions();
  const trials = await canaryOf(store, 0.5);
  const { app, context } = await openApp(store.places, {
    ...{ trials, entity: () => ['age'], routes: protocolRoutes, log: { mode: 'buffered' } },
  });
  const datatypes = { income: 'FP64', age: 'INT64', region: 'BYTES', owner: 'BOOL' };
  for (let age = 20; age < 40; age++) {
    const row = { ...goodRow, age };
    const inputs = Object.entries(datatypes).map(([name, datatype]) => {
      return { name, datatype, shape: [1], data: [row[name as keyof typeof row]] };
    });
    const columns = Object.keys(row).join();
    const bodies: [string, object | string, string?][] = [
      ['/predict', { inputs: row }],
      ['/v2/models/credit/infer', { inputs }],
      ['/invocations', { dataframe_records: [row] }],
      ['/invocations', `${columns}\n${Object.values(row).join()}\n`, 'text/csv'],
    ];
    for (const [url, payload, type = 'application/json'] of bodies) {
      const headers = { host: 'localhost', 'content-type': type };
      const { statusCode } = await app.inject({ method: 'POST', url, headers, payload });
      expect([url, type, statusCode]).toEqual([url, type, 200]);
    }
  }
  await context.log.flush();
  const found = (await readPredictions(store, {})).map(({ version }) => version);
  const things = Array.from({ length: 20 }, (_, i) => new Set(found.slice(4 * i, 4 * i + 4)).size);
  expect([found.length, things]).toEqual([80, Array(20).fill(1)]);
  expect(new Set(found).size).toBe(2);
});

test('rows of several things, and those that name none, go by the id of their request', async () => {
  const store = await versions();
  const { app } = await openApp(store.places, { ...(await canaryByCustomer(store, 0.5)) });
  const bodies = [
    goodRow,
    { ...goodRow, customer: '' },
    [
      { ...goodRow, customer: 1 },
      { ...goodRow, customer: 2 },
    ],
  ];
  for (let i = 0; i < 40; i++) {
    const expected = shareOfText(`id-${i}`) < 0.5 ? 2 : 1;
    for (const inputs of bodies) expect((await ask(app, `id-${i}`, inputs)).version).toBe(expected);
  }
});

test('through a socket, where one row takes the short way, a thing has one version too', async () => {
  const store = await versions();
  const options = { ...(await canaryByCustomer(store, 0.5)), log: { mode: 'buffered' as const } };
  const server = await startTestServer(store.places, options);
  const versionsOf = async (customer: number) => {
    const found = new Set<number>();
    for (let i = 0; i < 4; i++) {
      const answer = await fetch(`${server.url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: { ...goodRow, customer } }),
      });
      found.add(((await answer.json()) as { version: number }).version);
    }
    return [...found];
  };
  const all = new Set<number>();
  for (let customer = 0; customer < 24; customer++) {
    const found = await versionsOf(customer);
    expect(found).toHaveLength(1);
    all.add(found[0]);
  }
  expect([...all].sort()).toEqual([1, 2]);
});

test('where the canary cannot answer, the promoted version does', async () => {
  const store = await versions();
  const { app, context } = await openApp(store.places, { trials: await canaryOf(store, 0.999) });
  expect(await ask(app, 'a')).toMatchObject({ status: 200, version: 2 });
  const promoted = await context.slots.current();
  const canary = context.hooks.choose!(promoted, 'a', null);
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
