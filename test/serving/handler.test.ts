import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { createHandler, type HandlerOptions } from '../../src/serving/handler.js';
import { goodRow, storeWithModel } from './support.js';

async function listen(listener: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function handlerOf(options: Partial<HandlerOptions> = {}) {
  const store = await storeWithModel();
  const handler = await createHandler({ places: store.places, log: { mode: 'sync' }, ...options });
  onTestFinished(() => handler.close());
  return { store, handler };
}

interface Answer {
  prediction_id: string;
  model: string;
  error: { code: string; hint: string };
}

const ask = async (url: string, inputs: unknown = goodRow) => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ inputs }) });
  return { status: response.status, body: (await response.json()) as Answer };
};

test('alone in a node:http server it answers as riskops serve does, and logs', async () => {
  const { store, handler } = await handlerOf();
  const url = await listen(handler);
  const { status, body } = await ask(`${url}/predict`);
  expect([status, body.model]).toEqual([200, 'credit']);
  const [logged] = await readPredictions(store, { id: body.prediction_id });
  expect(logged.inputs).toEqual(goodRow);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await ask(`${url}/nothing`)).body.error.code).toBe('ROUTE_NOT_FOUND');
  expect((await ask(`${url}/predict`, { income: 1 })).status).toBe(422);
  const evil = await fetch(`${url}/predict`, { method: 'POST', headers: { origin: 'https://evil.example' } });
  expect(evil.status).toBe(403);
});

test('below a prefix: one that the framework takes off, one that it keeps, and one that it takes off from the url alone', async () => {
  const stripping =
    (handler: RequestListener, tells = true): RequestListener =>
    (request, response) => {
      const whole = request.url!;
      request.url = whole.slice('/ml'.length) || '/';
      handler(tells ? Object.assign(request, { originalUrl: whole }) : request, response);
    };
  const plain = await handlerOf();
  const based = await handlerOf({ basePath: '/ml' });
  for (const listener of [
    stripping(plain.handler),
    stripping(plain.handler, false),
    based.handler,
    stripping(based.handler),
  ]) {
    const url = await listen(listener);
    expect((await ask(`${url}/ml/models/credit/predict?explain=true`)).body).toHaveProperty('explanation');
    expect((await ask(`${url}/ml/none`)).status).toBe(404);
  }
});

test('in Fastify, whose hook hands requests over before anything of them is read', async () => {
  const { handler } = await handlerOf({ basePath: '/ml' });
  const outer = Fastify();
  onTestFinished(() => outer.close());
  outer.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/ml/')) return;
    reply.hijack();
    handler(request.raw, reply.raw);
  });
  outer.get('/own', async () => ({ mine: true }));
  const url = await outer.listen({ host: '127.0.0.1', port: 0 });
  expect((await ask(`${url}/ml/predict`)).status).toBe(200);
  expect(await (await fetch(`${url}/own`)).json()).toEqual({ mine: true });
});

test('a body that was parsed before is taken; one that was read and dropped is told at once', async () => {
  const { handler } = await handlerOf();
  const parsing = (keep: (text: string) => unknown) =>
    listen(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = keep(Buffer.concat(parts).toString());
      handler(body === undefined ? request : Object.assign(request, { body }), response);
    });
  for (const keep of [JSON.parse, (text: string) => text, (text: string) => Buffer.from(text)])
    expect((await ask(`${await parsing(keep)}/predict`)).status).toBe(200);
  const dropped = await ask(`${await parsing(() => undefined)}/predict`);
  expect([dropped.status, dropped.body.error.code]).toEqual([400, 'BODY_INVALID']);
});

const others = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

test.skipIf(others === undefined)('without a token only this machine may come in', async () => {
  const { handler } = await handlerOf({ allowedHosts: [others!] });
  const url = (await listen(handler, '0.0.0.0')).replace('127.0.0.1', others!);
  const { status, body } = await ask(`${url}/predict`);
  expect([status, body.error.code]).toEqual([403, 'HOST_REFUSED']);
  expect(body.error.hint).toContain('riskops token create');
});

test('close waits for answers under way and answers nothing more', async () => {
  const { handler } = await handlerOf();
  let arrived = () => {};
  const url = await listen((request, response) => {
    handler(request, response);
    arrived();
  });
  await ask(`${url}/predict`);
  const there = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const long = ask(`${url}/predict`, new Array(1000).fill(goodRow));
  await there;
  await handler.close();
  expect((await long).status).toBe(200);
  expect(await ask(`${url}/health`)).toMatchObject({ status: 503, body: { error: { code: 'SERVER_BUSY' } } });
  await handler.close();
});
