import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { createToken } from '../../src/registry/tokens.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store, StorePlaces } from '../../src/storage/store.js';
import { temporaryFolder } from '../support/temporary.js';
import { bearer, send } from './auth/support.js';
import { addVersion, fitModel, goodRow, openApp, openTestStore, promote } from './support.js';

/** A store whose database has a folder of its own, as in a project, with a model that is current; nobody has it open. */
async function project(prepare: (store: Store) => Promise<unknown> = async () => {}): Promise<StorePlaces> {
  const folder = temporaryFolder();
  const artifacts = join(folder, 'artifacts');
  const places = {
    database: join(folder, 'data', 'riskops.db'),
    artifacts,
    currentModel: join(artifacts, 'models', 'current.json'),
  };
  const store = await openStore(places, { mode: 'write' });
  await addVersion(store, await fitModel(1));
  await promote(store, 1);
  await prepare(store);
  await store.close();
  return places;
}

/** Takes the folder of the database away; what is returned puts it back. */
function takeAway({ database }: StorePlaces): () => void {
  const [data, away] = [dirname(database), `${dirname(database)}.away`];
  renameSync(data, away);
  return () => {
    rmSync(data, { recursive: true, force: true });
    renameSync(away, data);
  };
}

async function serve(places: StorePlaces, options: Parameters<typeof openApp>[1] = {}) {
  const told: string[] = [];
  const { app, context } = await openApp(places, {
    ...{ log: { mode: 'buffered', maxDelayMs: 10 }, onNews: (line) => told.push(line) },
    ...options,
  });
  const predict = async (headers = {}) => {
    const { status, code, body } = await send(app, '/predict', {
      ...{ method: 'POST', payload: { inputs: goodRow }, headers },
    });
    return { status, code, id: body.prediction_id as string };
  };
  const tell = (prediction_id: string) =>
    send(app, '/outcomes', { method: 'POST', payload: { prediction_id, value: 'bad' } });
  const isFailing = async () =>
    /^riskops_prediction_log_failing (\d)$/m.exec((await context.metrics.read()).text)?.[1] === '1';
  const ready = async () => (await send(app, '/ready')).body;
  return { app, context, told, predict, tell, isFailing, ready };
}

/** As the twice-a-second look does. */
const look = ({ context }: { context: Awaited<ReturnType<typeof openApp>>['context'] }) =>
  context.guard.isLocked().catch(() => {});

const rowsOf = (path: string, table: string) => {
  const raw = openConnection(path, { readonly: true });
  const count = raw.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  raw.close();
  return count;
};

test('a database that is deleted under a server is told of, not made again, and taken back with all that was predicted', async () => {
  const places = await project();
  const createTokenAsked = vi.fn();
  const server = await serve(places, { actions: { createToken: createTokenAsked } });
  const { app, context, predict, tell, ready, isFailing, told } = server;
  const first = await predict();
  expect((await tell(first.id)).status).toBe(200);
  expect(await ready()).toMatchObject({ ready: true, degraded: false });
  told.length = 0;

  const putBack = takeAway(places);
  await look(server);
  // Before anything is to be logged.
  expect([await isFailing(), told]).toEqual([true, [expect.stringMatching(/^The store is gone: .*restore/)]]);
  expect(await ready()).toMatchObject({ ready: true, degraded: true, warnings: [expect.any(String)] });
  const second = await predict();
  expect(second.status).toBe(200);
  const asked = [await tell(first.id), await send(app, '/models'), await send(app, '/accuracy')];
  expect(asked.map(({ status, code }) => [status, code])).toEqual(Array(3).fill([503, 'STORE_NOT_FOUND']));
  const payload = { name: 'ci', role: 'viewer' };
  expect((await send(app, '/tokens', { method: 'POST', payload })).code).toBe('STORE_NOT_FOUND');
  expect(createTokenAsked).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(context.log.state().lastError).toMatch(/no such file/));
  expect(existsSync(dirname(places.database))).toBe(false);
  expect(told).toHaveLength(1);

  putBack();
  await look(server);
  await vi.waitFor(() => expect(context.log.state()).toMatchObject({ pending: 0, dropped: 0 }), 5_000);
  expect(await ready()).toMatchObject({ degraded: false });
  expect(told.at(-1)).toMatch(/^The store is back/);
  expect((await tell(second.id)).body).toMatchObject({ added: 1, unmatched: 0 });
  const store = await openTestStore(places);
  expect((await readPredictions(store, {})).map(({ id }) => id)).toEqual([first.id, second.id]);
});

test('a new empty database in its place is another store: nothing is read from it, written to it, or opened by it', async () => {
  let token = '';
  const places = await project(async (store) => {
    token = (await createToken(store, { name: 'ci', role: 'admin', actor: 'min' })).token;
  });
  const server = await serve(places);
  const { app, context, predict } = server;
  expect((await predict(bearer(token))).status).toBe(200);
  await context.log.flush(5_000);
  const putBack = takeAway(places);
  await (await openStore(places, { mode: 'write' })).close();
  await look(server);

  expect((await predict()).status).toBe(401);
  expect((await predict(bearer(token))).status).toBe(200);
  expect(await send(app, '/models', { headers: bearer(token) })).toMatchObject({
    ...{ status: 503, code: 'STORE_FOREIGN' },
  });
  const payload = { prediction_id: '01a20000-30f5-7000-b681-61fdac85312a', value: 'bad' };
  const outcome = await send(app, '/outcomes', { method: 'POST', payload, headers: bearer(token) });
  expect([outcome.status, outcome.code]).toEqual([503, 'STORE_FOREIGN']);
  await vi.waitFor(() => expect(context.log.state().lastError).toMatch(/another store/));
  expect((await send(app, '/ready', { headers: bearer(token) })).body).toMatchObject({ degraded: true });
  const tables = ['prediction_segments', 'outcomes', 'models'];
  expect(tables.map((table) => rowsOf(places.database, table))).toEqual([0, 0, 0]);

  // A pointer that somebody emptied from it makes it no better.
  const emptied = `${places.currentModel}.away`;
  renameSync(places.currentModel, emptied);
  await look(server);
  expect((await predict()).status).toBe(401);
  expect((await send(app, '/models', { headers: bearer(token) })).code).toBe('STORE_FOREIGN');
  renameSync(emptied, places.currentModel);
  putBack();
  await look(server);
  expect((await send(app, '/models', { headers: bearer(token) })).body.count).toBe(1);
});

test('a server that begins without its store, or with an empty one, lets nobody in until there is a token', async () => {
  const places = await project();
  const putBack = takeAway(places);
  const server = await serve(places);
  expect(await server.predict()).toMatchObject({ status: 503, code: 'STORE_NOT_FOUND' });
  expect((await send(server.app, '/health')).status).toBe(200);
  const other = await openStore(places, { mode: 'write' });
  await look(server);
  expect(await server.predict()).toMatchObject({ status: 503, code: 'STORE_FOREIGN' });
  const { token } = await createToken(other, { name: 'me', role: 'admin', actor: 'min' });
  await look(server);
  expect([(await server.predict()).status, (await server.predict(bearer(token))).status]).toEqual([401, 200]);
  await other.close();
  putBack();
  await look(server);
  // It had a token once in the life of this process.
  expect((await server.predict()).status).toBe(401);
  expect((await (await serve(places)).predict()).status).toBe(200);
});

test('a copy from before that is put back is the same store, whatever was promoted since', async () => {
  const places = await project();
  const { database } = places;
  const copy = join(temporaryFolder(), 'copy.db');
  copyFileSync(database, copy);
  const store = await openStore(places, { mode: 'write' });
  await addVersion(store, await fitModel(2));
  await promote(store, 2);
  await store.close();
  const server = await serve(places);
  await server.predict();
  await server.context.log.flush(5_000);
  takeAway(places);
  await look(server);
  mkdirSync(dirname(database));
  copyFileSync(copy, database);
  await look(server);
  const [model] = (await send(server.app, '/models')).body.items;
  expect(model).toMatchObject({ name: 'credit', versions: 1, current: { version: 1 } });
  const { id } = await server.predict();
  await server.context.log.flush(5_000);
  expect((await readPredictions(await openTestStore(places), {})).map((entry) => entry.id)).toEqual([id]);
  expect(await server.ready()).toMatchObject({ degraded: false });
});

test('in mode sync no answer goes out whose entry has no place', async () => {
  const places = await project();
  const { predict } = await serve(places, { log: { mode: 'sync' }, limits: { requestMs: 1_500 } });
  expect((await predict()).status).toBe(200);
  const putBack = takeAway(places);
  expect((await predict()).status).toBe(503);
  expect(existsSync(dirname(places.database))).toBe(false);
  putBack();
  expect((await predict()).status).toBe(200);
  expect(readdirSync(dirname(places.database))).toContain('riskops.db');
});

test('a request for a model that nobody knows is not told to promote another one', async () => {
  const { app } = await serve(await project());
  const payload = { inputs: goodRow };
  const { status, body } = await send(app, '/models/cerdit/predict', { method: 'POST', payload });
  expect([status, body.error.hint]).toEqual([404, 'riskops models list']);
  expect(body.error.message).toContain('did you mean "credit"?');
});
