import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { createClient, RiskopsClientError } from '../../src/client/client.js';
import { goodRow, startTestServer, storeWithModel } from '../serving/support.js';

/** A server that answers by the function; and what it was asked. */
async function serverOf(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it should fail'),
    (error: RiskopsClientError) => error,
  );

test('a real server: predictions, explanations, outcomes and what it says of itself', async () => {
  const store = await storeWithModel();
  const { url } = await startTestServer(store.places, { log: { mode: 'sync' } });
  const client = createClient<typeof goodRow>({ url: `${url}/`, model: 'credit' });
  const one = await client.predict(goodRow, { requestId: 'mine-1' });
  expect(one).toMatchObject({ model: 'credit', version: 1, prediction: expect.any(Number) });
  const many = await client.predictMany([goodRow, { ...goodRow, age: 41 }]);
  expect(many.predictions.map(({ prediction }) => prediction)[0]).toBe(one.prediction);
  const explained = await client.explain(goodRow, { top: 2 });
  expect(explained.explanation?.reasons).toHaveLength(2);
  expect((await client.predict(goodRow, { explain: true })).explanation?.reasons).toHaveLength(3);
  expect(await client.outcome({ prediction_id: one.prediction_id, value: 'bad' })).toMatchObject({
    added: 1,
  });
  expect(await client.ready()).toEqual({ ready: true, degraded: false });
  expect((await client.health()).status).toBe('ok');
  expect(await client.model()).toMatchObject({ name: 'credit' });
  expect(await client.version()).toMatchObject({ service: 'riskops' });
  expect(await client.models()).toBeTruthy();
  const noDefault = createClient({ url });
  expect((await noDefault.predict(goodRow)).prediction).toBe(one.prediction);
});

test('an error of the server is one of the client, with code, status, hint, details and request id', async () => {
  const store = await storeWithModel();
  const { url } = await startTestServer(store.places);
  const client = createClient({ url, model: 'credit' });
  const error = await failureOf(client.predict({ ...goodRow, age: 'forty' }, { requestId: 'mine-2' }));
  expect(error).toBeInstanceOf(RiskopsClientError);
  expect(error).toMatchObject({
    name: 'RiskopsClientError',
    code: 'VALIDATION_ERROR',
    status: 422,
    requestId: 'mine-2',
    details: { problem_count: 1 },
  });
  expect(error.hint).toContain('GET /model');
  expect(await failureOf(createClient({ url, model: 'a/b ?' }).predict(goodRow))).toMatchObject({
    status: 404,
  });
  // NaN would be null, a missing value, in JSON.
  expect(await failureOf(client.predict({ ...goodRow, income: Number.NaN }))).toMatchObject({
    code: 'VALUE_INVALID',
    status: null,
  });
});

test('a busy server is asked again when it says when, never for outcomes, and not for ever', async () => {
  const busy = (response: ServerResponse, status: number, headers: Record<string, string>) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ ok: false, error: { code: 'SERVER_BUSY', message: 'busy' }, request_id: 'x' }));
  const { url, asked } = await serverOf((request, response, count) => {
    if (request.url === '/model') busy(response, 503, {});
    else if (count === 1) busy(response, 429, { 'retry-after': '0' });
    else if (count === 2) busy(response, 503, { 'retry-after': new Date(Date.now() - 1000).toUTCString() });
    else if (request.url === '/outcomes' || count > 3) busy(response, 503, { 'retry-after': '0' });
    else response.end('{"prediction":1}');
  });
  const client = createClient({ url });
  expect(await client.predict({})).toEqual({ prediction: 1 });
  expect(asked).toHaveLength(3);
  expect(await failureOf(client.predict({}))).toMatchObject({ code: 'SERVER_BUSY', status: 503 });
  expect(asked).toHaveLength(6);
  expect(await failureOf(client.outcome({ prediction_id: 'x', value: 1 }))).toMatchObject({ status: 503 });
  expect(asked).toHaveLength(7);
  expect(await failureOf(client.model())).toMatchObject({ status: 503 });
  expect(asked).toHaveLength(8);
  expect(await failureOf(createClient({ url, retries: 0 }).predict({}))).toMatchObject({ status: 503 });
  expect(asked).toHaveLength(9);
});

test('time, an abort, no server, a proxy and a redirect each have their own end', async () => {
  const { url } = await serverOf((request, response) => {
    if (request.url?.startsWith('/proxy'))
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    else if (request.url?.startsWith('/away')) response.writeHead(302, { location: '/own' }).end();
    else if (request.url === '/own') response.end('{}');
    else if (request.url?.startsWith('/busy'))
      response.writeHead(503, { 'retry-after': '60' }).end('{"error":{"code":"SERVER_BUSY","message":"x"}}');
    else if (request.url?.startsWith('/empty')) response.end();
  });
  expect(await failureOf(createClient({ url, timeoutMs: 30 }).health())).toMatchObject({
    code: 'CLIENT_TIMEOUT',
  });
  // The time holds for the waiting between retries too.
  const waiting = createClient({ url: `${url}/busy`, timeoutMs: 30 }).health();
  expect(await failureOf(waiting)).toMatchObject({ code: 'CLIENT_TIMEOUT' });
  const control = new AbortController();
  const aborted = failureOf(createClient({ url }).health({ signal: control.signal }));
  control.abort(new Error('mine'));
  expect((await aborted).message).toBe('mine');
  const late = createClient({ url }).health({ signal: AbortSignal.abort(new Error('before')) });
  expect((await failureOf(late)).message).toBe('before');
  expect(await failureOf(createClient({ url: 'http://127.0.0.1:1' }).health())).toMatchObject({
    code: 'CONNECTION_FAILED',
    status: null,
  });
  expect(await failureOf(createClient({ url: `${url}/proxy` }).health())).toMatchObject({
    code: 'ANSWER_INVALID',
    status: 502,
  });
  expect(await failureOf(createClient({ url: `${url}/empty` }).health())).toMatchObject({
    code: 'ANSWER_INVALID',
  });
  expect(await failureOf(createClient({ url: `${url}/away` }).health())).toMatchObject({
    code: 'CONNECTION_FAILED',
  });
});

test('the token is a bearer, the fetch may be any, and an entity goes with its model', async () => {
  const sent: [string, RequestInit][] = [];
  const ask = async (url: string | URL | Request, init?: RequestInit) => {
    sent.push([String(url), init!]);
    return new Response('{"received":1}');
  };
  const client = createClient({
    url: 'https://x.example/api/',
    token: 't0k',
    model: '신용',
    fetch: ask as typeof fetch,
  });
  await client.outcomes([
    { entity: 7, value: 1 },
    { prediction_id: 'p', value: 0 },
  ]);
  await client.explain({}, { top: 2, interval: 0.9 });
  const [[first, { headers, body }], [second]] = sent;
  expect([first, second]).toEqual([
    'https://x.example/api/outcomes',
    'https://x.example/api/models/%EC%8B%A0%EC%9A%A9/explain?top=2&interval=0.9',
  ]);
  expect(headers).toMatchObject({ authorization: 'Bearer t0k', 'content-type': 'application/json' });
  expect(JSON.parse(body as string)).toEqual({
    outcomes: [
      { model: '신용', entity: 7, value: 1 },
      { prediction_id: 'p', value: 0 },
    ],
  });
});

test('the bundle of the client has nothing of Node in it', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [new URL('../../src/client/client.ts', import.meta.url).pathname],
    ...{ bundle: true, format: 'esm', platform: 'browser', write: false, metafile: true, outdir: '/' },
  });
  expect(Object.keys(metafile.inputs).every((path) => path.includes('src/client/'))).toBe(true);
  expect(outputFiles[0].text).not.toMatch(/\b(process|Buffer|require|__dirname)\b|node:/);
});
