import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { compileEncoder } from '../../../src/datasets/encode-rows.js';
import { readModelFile } from '../../../src/models/model-file.js';
import type { LoggedPrediction } from '../../../src/monitoring/prediction-log.js';
import { readPredictions } from '../../../src/monitoring/read-predictions.js';
import type { OfferedRow } from '../../../src/monitoring/shadow-messages.js';
import { ShadowThread } from '../../../src/monitoring/shadow-thread.js';
import { loggedAnswer } from '../../../src/monitoring/version-answers.js';
import { getVersion } from '../../../src/registry/versions.js';
import type { TrialVersion } from '../../../src/serving/trials/trial-version.js';
import type { Store } from '../../../src/storage/store.js';
import { addVersion, fitModel, openTestStore, promote, startTestServer } from '../support.js';

/** The workers that are started from now on. */
function newThreads(): Worker[] {
  const found: Worker[] = [];
  const note = (worker: Worker) => void found.push(worker);
  process.on('worker', note);
  onTestFinished(() => void process.off('worker', note));
  return found;
}

async function twoVersions(task: 'binary' | 'multiclass' = 'binary'): Promise<Store> {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1, task));
  await addVersion(store, await fitModel(2, task));
  await promote(store, 1);
  return store;
}

async function trialOf(store: Store, version: number): Promise<TrialVersion> {
  const { run_id, path, sha256 } = await getVersion(store, 'credit', version);
  return { model: 'credit', entry: { version, run_id, path, sha256 } };
}

const serve = (store: Store, shadow: TrialVersion, onNews?: (line: string) => void) =>
  startTestServer(store.places, {
    ...{ log: { mode: 'buffered' }, trials: { shadow, canary: null } },
    ...(onNews && { onNews }),
  });

const BODIES = [
  { inputs: { income: 0.5, age: 40, region: '서울', owner: true } },
  { features: [0.25, 80, '부산', false] },
  { inputs: { income: null, age: 18, region: null, owner: false } },
  { features: [-0, 33, '서울', true] },
  {
    inputs: [
      { income: 0.9, age: 61, region: '부산', owner: true, extra: 1 },
      { income: 0.1, age: 20, region: '제주', owner: false },
    ],
  },
];

async function ask(url: string, body: unknown) {
  const answer = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as { predictions: { prediction_id: string }[] },
  };
}

async function figure(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^riskops_${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

async function logged(store: Store, rows: number): Promise<LoggedPrediction[]> {
  return vi.waitFor(
    async () => {
      const found = await readPredictions(store, {});
      if (found.length < rows) throw new Error(`${found.length} entries`);
      return found;
    },
    { timeout: 8_000, interval: 30 },
  );
}

test.each(['binary', 'multiclass'] as const)(
  'the shadow logs what its version says to the same rows, and the answers are those of the promoted one: %s',
  async (task) => {
    const store = await twoVersions(task);
    const server = await serve(store, await trialOf(store, 2));
    const answers = [];
    for (const body of BODIES) answers.push(await ask(server.url, body));
    const ids = answers.flatMap(({ body }) => body.predictions.map(({ prediction_id }) => prediction_id));
    expect(answers.every(({ body }) => (body as { version?: number }).version === 1)).toBe(true);
    const entries = await logged(store, 2 * ids.length);
    const reals = entries.filter(({ shadow_of }) => shadow_of === undefined);
    const shadows = entries.filter(({ shadow_of }) => shadow_of !== undefined);
    expect(reals.map(({ id }) => id).sort()).toEqual(ids.sort());
    const { path, sha256 } = await getVersion(store, 'credit', 2);
    const predictor = await readModelFile(store.blobs.path(path), { sha256 });
    const byId = new Map(reals.map((real) => [real.id, real]));
    for (const { id: _id, at: _at, ...shadow } of shadows) {
      const real = byId.get(shadow.shadow_of ?? '')!;
      const { cells } = compileEncoder(predictor.header.signature).encode([real.inputs]);
      expect(shadow).toEqual({
        ...{
          request_id: real.request_id,
          model: 'credit',
          version: 2,
          inputs: real.inputs,
          shadow_of: real.id,
        },
        ...loggedAnswer(predictor.header, predictor.predictCells(cells, 1), 0),
      });
    }
    expect(await figure(server.url, 'shadow_answered_rows')).toBe(ids.length);
    expect(await figure(server.url, 'shadow_failing')).toBe(0);
  },
);

test('once it is promoted there is nothing to shadow, and after a rollback there is again', async () => {
  const store = await twoVersions();
  const server = await serve(store, await trialOf(store, 2));
  await promote(store, 2);
  await ask(server.url, BODIES[0]);
  await promote(store, 1);
  await ask(server.url, BODIES[0]);
  const entries = await logged(store, 3);
  expect(entries.map(({ version, shadow_of }) => [version, shadow_of !== undefined])).toEqual(
    expect.arrayContaining([
      [2, false],
      [1, false],
      [2, true],
    ]),
  );
  expect(entries).toHaveLength(3);
});

test('a shadow that cannot be had is told, and the server goes on without it', async () => {
  const store = await twoVersions();
  const trial = await trialOf(store, 2);
  const { path } = await getVersion(store, 'credit', 2);
  rmSync(join(store.places.artifacts, path));
  for (const asked of [trial, { failure: 'There is no version 9 of credit' }]) {
    const news: string[] = [];
    const server = await serve(store, asked, (line) => news.push(line));
    await vi.waitFor(() => expect(news.join()).toMatch(/shadow.*There is no (model file|version 9)/), {
      timeout: 8_000,
    });
    expect((await ask(server.url, BODIES[0])).status).toBe(200);
    const ready = (await (await fetch(`${server.url}/ready`)).json()) as { warnings: string[] };
    expect(ready).toMatchObject({ ready: true, degraded: true });
    expect(ready.warnings.join()).toContain('The shadow does not take part');
    expect(await figure(server.url, 'shadow_failing')).toBe(1);
  }
});

test('a thread that is killed is started again; one that goes on dying is given up, and answers go on', async () => {
  const store = await twoVersions();
  const threads = newThreads();
  const news: string[] = [];
  const server = await serve(store, await trialOf(store, 2), (line) => news.push(line));
  const isShadow = ({ threadId }: Worker) => threadId > 0;
  await vi.waitFor(() => expect(news.at(-1)).toContain('answers'), { timeout: 8_000 });
  const shadowThread = () => threads.filter(isShadow).at(-1)!;
  await shadowThread().terminate();
  await vi.waitFor(() => expect(news.at(-1)).toMatch(/does not answer: its thread ended/), {
    timeout: 8_000,
  });
  expect((await ask(server.url, BODIES[0])).status).toBe(200);
  await vi.waitFor(() => expect(news.at(-1)).toMatch(/shadow.*, answers/), { timeout: 8_000, interval: 20 });
  expect((await ask(server.url, BODIES[0])).status).toBe(200);
  const entries = await logged(store, 3);
  expect(entries.some(({ shadow_of }) => shadow_of !== undefined)).toBe(true);
});

/** A thread of the shadow's own, without a server. */
async function openThread(limits: { mostWaiting?: number; mostASecond?: number }) {
  const store = await twoVersions();
  const { path, sha256 } = await getVersion(store, 'credit', 2);
  const told: (string | null)[] = [];
  const threads = newThreads();
  const thread = new ShadowThread({
    ...{ model: 'credit', version: 2, file: store.blobs.path(path), sha256 },
    ...{ database: store.places.database, redact: [], ...limits },
    onTrouble: (failure) => told.push(failure),
  });
  onTestFinished(() => thread.close());
  const row = (): OfferedRow => ({
    ...{ inputs: BODIES[0].inputs, features: null, id: '', request_id: 'r', at: Date.now() },
  });
  return { store, thread, threads, told, row };
}

test('what is too much is dropped and counted, at once', async () => {
  const { thread, row } = await openThread({ mostWaiting: 10, mostASecond: 25 });
  const offer = (count: number) => {
    const taken = thread.take(count);
    for (let i = 0; i < taken; i++) thread.offer(row());
    return taken;
  };
  expect(offer(35)).toBe(10);
  expect(offer(5)).toBe(0);
  expect(thread.state()).toMatchObject({ waiting: 10, dropped: 30, answered: 0 });
  await vi.waitFor(() => expect(thread.state().answered).toBe(10), { timeout: 8_000 });
  // Nothing waits, and the second's allowance is a limit of its own.
  for (let i = 0; i < 4; i++) {
    offer(10);
    await vi.waitFor(() => expect(thread.state().waiting).toBe(0), { timeout: 8_000 });
  }
  const { answered, dropped } = thread.state();
  expect(answered + dropped).toBe(80);
  expect(answered).toBeLessThan(50);
});

test('a thread that ends six times in a minute is given up', async () => {
  const { thread, threads, told } = await openThread({});
  for (let times = 1; times <= 6; times++) {
    await vi.waitFor(() => expect(threads).toHaveLength(times), { timeout: 20_000, interval: 10 });
    await threads[times - 1].terminate();
  }
  await vi.waitFor(() => expect(thread.state().failure).toContain('6th time in a minute'));
  expect(thread.take(3)).toBe(0);
  expect(thread.state()).toMatchObject({ waiting: 0, dropped: 3 });
  expect(told.at(-1)).toContain('6th time');
});
