import { readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { expect, test, vi } from 'vitest';
import { packModelFile } from '../../src/models/model-file.js';
import { decodeSafetensors } from '../../src/models/safetensors.js';
import { rollback } from '../../src/registry/rollback.js';
import { PointerWatch } from '../../src/serving/pointer-watch.js';
import type { Store } from '../../src/storage/store.js';
import { sha256 } from '../../src/util/files.js';
import { openTalk, predictText } from './hostile/support.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openApp,
  openTestStore,
  promote,
  startTestServer,
  storeWithModel,
} from './support.js';

const TEXT = Buffer.from(predictText());

interface Answer {
  status: number;
  body: { version?: number; prediction?: number; error?: { code: string; message: string } };
  sentAt: number;
  answeredAt: number;
}

function post(url: string, agent: Agent): Promise<Answer> {
  const sentAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(`${url}/predict`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(text),
          sentAt,
          answeredAt: performance.now(),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ inputs: goodRow }));
  });
}

test('50 flips under 20,000 requests: none fails, each answer is from a version current in its time', async () => {
  const store = await openTestStore();
  const files = [await fitModel(1), await fitModel(2)];
  for (const file of files) await addVersion(store, file);
  await promote(store, 1);
  const server = await startTestServer(store.places, { log: { mode: 'buffered' } });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });

  // A version is allowed from the call that makes it current to the return of the call that ends it.
  const reigns = [{ version: 1, from: 0, to: Number.POSITIVE_INFINITY }];
  const answers: Answer[] = [];
  let over = false;
  const client = async () => {
    const talk = await openTalk(server.port);
    while (!over || answers.length < 20_000) {
      const sentAt = performance.now();
      const { status, body } = await talk.ask(TEXT);
      answers.push({ status, body: JSON.parse(body), sentAt, answeredAt: performance.now() });
    }
  };
  const clients = Promise.all(Array.from({ length: 4 }, client));
  const firstAfter: number[][] = [];
  for (let flip = 1; flip <= 50; flip++) {
    const version = 1 + (flip % 2);
    const from = performance.now();
    if (flip % 4 === 0) await rollback(store, { model: 'credit', actor: 'min', reason: 'back', to: version });
    else await promote(store, version);
    reigns[reigns.length - 1].to = performance.now();
    reigns.push({ version, from, to: Number.POSITIVE_INFINITY });
    firstAfter.push([version, (await post(server.url, agent)).body.version ?? 0]);
  }
  over = true;
  await clients;
  agent.destroy();

  expect(firstAfter.filter(([promoted, served]) => promoted !== served)).toEqual([]);
  expect(answers.length).toBeGreaterThanOrEqual(20_000);
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const scores = files.map(
    ({ predictor }) => predictor.predictCells(Float64Array.from([0.5, 40, 1, 1]), 1)[0],
  );
  expect(scores[0]).not.toBe(scores[1]);
  const isRight = ({ body, sentAt, answeredAt }: Answer) =>
    body.prediction === scores[(body.version ?? 0) - 1] &&
    reigns.some(({ version, from, to }) => version === body.version && from < answeredAt && to > sentAt);
  expect(answers.filter((answer) => !isRight(answer))).toEqual([]);
});

async function ask(app: Awaited<ReturnType<typeof openApp>>['app'], url: string) {
  const answer =
    url === '/predict'
      ? await app.inject({ method: 'POST', url, payload: { inputs: goodRow } })
      : await app.inject({ method: 'GET', url });
  const isJson = String(answer.headers['content-type']).includes('json');
  return { status: answer.statusCode, body: isJson ? answer.json() : answer.body };
}

const fileOf = (store: Store, { path }: { path: string }) => join(store.places.artifacts, ...path.split('/'));

/** Each makes of a good model file one that must not be served. */
const damages: [string, (file: string) => void][] = [
  ['a flipped byte', (file) => writeFileSync(file, flipped(readFileSync(file)))],
  ['cut short', (file) => truncateSync(file, 1000)],
  ['not there', (file) => rmSync(file)],
  ['a hostile header', (file) => writeFileSync(file, Buffer.from('ffffffffffffff7f7b7d', 'hex'))],
];

function flipped(bytes: Buffer): Buffer {
  bytes[bytes.length - 20] ^= 1;
  return bytes;
}

/** Version 1 answers though version 2 was promoted; health, readiness and figures say why. */
async function expectOldGoesOn(app: FastifyInstance) {
  const { status, body } = await ask(app, '/predict');
  expect([status, body.version]).toEqual([200, 1]);
  const ready = await ask(app, '/ready');
  expect(ready).toMatchObject({ status: 200, body: { ready: true, degraded: true, version: 1 } });
  expect(ready.body.warnings[0]).toMatch(/Version 2 of model "credit" is current and cannot be loaded/);
  expect((await ask(app, '/version')).body).toMatchObject({
    model: { version: 1 },
    model_error: expect.stringMatching(/Version 2/),
  });
  expect((await ask(app, '/health')).body).toMatchObject({
    status: 'ok',
    model_loaded: true,
    model_error: expect.any(String),
  });
  expect((await ask(app, '/metrics')).body).toMatch(/riskops_model_failing\{model="credit"\} 1/);
}

test.each(damages)(
  'a new version that is %s: the old one goes on, and everyone is told',
  async (_name, damage) => {
    const store = await storeWithModel();
    const second = await addVersion(store, await fitModel(2));
    const { app } = await openApp(store.places);
    expect((await ask(app, '/predict')).body.version).toBe(1);
    await promote(store, 2);
    damage(fileOf(store, second));

    await expectOldGoesOn(app);
  },
);

/** Each makes of a good model file one that has the hash on record, and must not answer all the same. */
const untrue: [string, (header: Header, tensors: ReturnType<typeof decodeSafetensors>['tensors']) => void][] =
  [
    ['lacks a feature of its weights', ({ signature }) => signature.features.pop()],
    ['has its features in another order', ({ signature }) => signature.features.reverse()],
    ['has a feature of another name', ({ signature }) => (signature.features[0].name = 'age')],
    ['has weights that are NaN', (_, { weights }) => weights.data.fill(Number.NaN)],
    ['has weights that overflow', (_, { weights }) => weights.data.fill(1e308)],
    ['predicts something else for its golden rows', ({ golden }) => golden.predictions.reverse()],
    ['predicts NaN for its golden rows', ({ golden }) => golden.predictions.fill(null)],
  ];

interface Header {
  signature: { features: { name: string }[] };
  golden: { predictions: (number | null)[] };
}

test.each(untrue)(
  'a new version that %s: the old one goes on, and everyone is told',
  async (_name, change) => {
    const store = await storeWithModel();
    const { app } = await openApp(store.places);
    expect((await ask(app, '/predict')).body.version).toBe(1);
    const good = await fitModel(2);
    const second = await addVersion(store, good);
    await promote(store, 2);
    // No promotion takes such a file, so it comes by whoever can write the file and the pointer.
    const { metadata, tensors } = decodeSafetensors(Buffer.from(Uint8Array.from(good.bytes).buffer));
    const header = JSON.parse(metadata['riskops']);
    change(header, tensors);
    const bytes = packModelFile(JSON.stringify(header), tensors);
    writeFileSync(fileOf(store, second), bytes);
    const pointer = readFileSync(store.places.currentModel, 'utf8');
    expect(pointer).toContain(sha256(good.bytes));
    writeFileSync(store.places.currentModel, pointer.replace(sha256(good.bytes), sha256(bytes)));
    await expectOldGoesOn(app);
  },
);

test('a model file that is put right is served within seconds', async () => {
  const store = await storeWithModel();
  const second = await addVersion(store, await fitModel(2));
  const { app } = await openApp(store.places);
  await ask(app, '/predict');
  await promote(store, 2);
  const file = fileOf(store, second);
  renameSync(file, `${file}.away`);
  expect((await ask(app, '/predict')).body.version).toBe(1);
  renameSync(`${file}.away`, file);
  await vi.waitFor(async () => expect((await ask(app, '/predict')).body.version).toBe(2), { timeout: 5_000 });
  expect((await ask(app, '/ready')).body).toMatchObject({ degraded: false, version: 2 });
});

test('a server that starts with a bad model says why, and serves as soon as a good one is promoted', async () => {
  const store = await storeWithModel();
  await addVersion(store, await fitModel(2));
  const [first] = await store.db.selectFrom('versions').select('path').where('version', '=', 1).execute();
  truncateSync(fileOf(store, first), 500);
  const news: string[] = [];
  const server = await startTestServer(store.places, { onNews: (line) => news.push(line) });
  const agent = new Agent();
  const refused = await post(server.url, agent);
  expect([refused.status, refused.body.error?.code]).toEqual([503, 'CURRENT_MODEL_LOAD_FAILED']);
  expect(refused.body.error?.message).toMatch(/SHA-256/);
  expect((await fetch(`${server.url}/ready`)).status).toBe(503);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  await promote(store, 2);
  expect((await post(server.url, agent)).body.version).toBe(2);
  expect(news).toEqual([
    expect.stringMatching(/^Version 1 .* cannot be loaded/),
    'Model "credit": version 2 answers.',
  ]);
});

test('no model at start, then one is promoted: the next request is served', async () => {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1));
  const { app } = await openApp(store.places);
  expect((await ask(app, '/predict')).status).toBe(404);
  await promote(store, 1);
  expect((await ask(app, '/predict')).body.version).toBe(1);
});

/** Each leaves a pointer that cannot be read. */
const pointerFaults: [string, (path: string) => void][] = [
  ['half a file', (path) => truncateSync(path, 40)],
  ['gone', (path) => rmSync(path)],
  [
    'a link',
    (path) => {
      renameSync(path, `${path}.moved`);
      symlinkSync(`${path}.moved`, path);
    },
  ],
];

test.each(pointerFaults)(
  'a pointer that is %s is never "no current": the old model goes on, and recovers',
  async (_name, damage) => {
    const store = await storeWithModel();
    const { currentModel } = store.places;
    const good = readFileSync(currentModel);
    const { app } = await openApp(store.places);
    await ask(app, '/predict');
    damage(currentModel);
    expect((await ask(app, '/predict')).body.version).toBe(1);
    expect((await ask(app, '/ready')).body).toMatchObject({ ready: true, degraded: true });
    const { app: fresh } = await openApp(store.places);
    const expected = _name === 'gone' ? [404, 'NO_CURRENT_MODEL'] : [503, 'CURRENT_MODEL_LOAD_FAILED'];
    const { status, body } = await ask(fresh, '/predict');
    expect([status, body.error.code]).toEqual(expected);
    rmSync(currentModel, { force: true });
    writeFileSync(currentModel, good);
    for (const one of [app, fresh]) {
      expect((await ask(one, '/predict')).body.version).toBe(1);
      expect((await ask(one, '/ready')).body).toMatchObject({ ready: true, degraded: false });
    }
  },
);

test('a change that leaves the stamp as it was is found within seconds', async () => {
  const store = await storeWithModel();
  await addVersion(store, await fitModel(2));
  const { app, context } = await openApp(store.places);
  await ask(app, '/predict');
  const looks = vi.spyOn(PointerWatch.prototype, 'look').mockReturnValue(false);
  await promote(store, 2);
  expect((await ask(app, '/predict')).body.version).toBe(1);
  await vi.waitFor(() => expect(context.slots.loaded('credit')?.entry.version).toBe(2), { timeout: 5_000 });
  looks.mockRestore();
});
