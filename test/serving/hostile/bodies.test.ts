import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readPredictions } from '../../../src/monitoring/read-predictions.js';
import { goodRow, openApp, startTestServer, storeWithModel } from '../support.js';
import { NO_UTF8, NO_VALUES, ODD_VALUES } from './json-texts.js';
import { openShort, openTalk, openWholeApp, predictText, ROW } from './support.js';

const JSON_TYPE = { 'content-type': 'application/json' };

/** Bodies of which a value is a part; for each route the body alone, and one where it looks for a value. */
const INPUTS = '{"inputs":[{"income":VALUE,"age":40,"region":"서울","owner":true}]}';
const FEATURES = '{"features":[0.5,40,VALUE,true]}';
const SPLIT =
  '{"dataframe_split":{"columns":["income","age","region","owner"],"data":[[VALUE,40,"서울",true]]}}';
const TENSOR = '{"inputs":[{"name":"income","shape":VALUE,"datatype":"FP64","data":[0.5]}]}';
const OUTCOME = '{"outcomes":[{"prediction_id":"x","value":VALUE}]}';
const REASON = '{"version":1,"reason":VALUE}';

const TAKERS: [string, string][] = [
  ['/predict', INPUTS],
  ['/models/credit/predict', FEATURES],
  ['/explain', INPUTS],
  ['/invocations', SPLIT],
  ['/v2/models/credit/infer', TENSOR],
  ['/forecast', '{"horizon":VALUE}'],
  ['/outcomes', OUTCOME],
  ['/models/credit/promote', REASON],
  ['/models/credit/rollback', REASON],
  ['/tokens', '{"name":VALUE,"role":"viewer"}'],
];

const clientFault = expect.toSatisfy((status: number) => status >= 400 && status < 500);
const noServerFault = expect.toSatisfy((status: number) => status < 500);

test('no body that is no JSON is taken, by any route that takes one, and none is a fault of the server (RB-60)', async () => {
  const store = await storeWithModel();
  const { app, asked } = await openWholeApp(store);
  const post = async (url: string, payload: string | Buffer) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url, headers: JSON_TYPE, payload });
    return { statusCode, body };
  };
  for (const [url, form] of TAKERS) {
    const [before, after] = form.split('VALUE');
    const within = (value: string) => before + value + after;
    for (const value of NO_VALUES) {
      for (const body of [value, within(value)]) {
        // A route whose body may be left out takes none for an empty one.
        if (body === '' && url.endsWith('/rollback')) continue;
        const { statusCode } = await post(url, body);
        expect({ url, body, statusCode }).toEqual({ url, body, statusCode: clientFault });
      }
    }
    for (const bytes of NO_UTF8) {
      const inside = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
      for (const body of [bytes, inside]) expect((await post(url, body)).statusCode).toBe(400);
    }
    for (const value of ODD_VALUES) {
      for (const body of [value, within(value)]) {
        const { statusCode } = await post(url, body);
        const shown = body.slice(0, 200);
        expect({ url, shown, statusCode }).toEqual({ url, shown, statusCode: noServerFault });
      }
    }
  }
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  for (const request of asked) expect(request).toMatchObject({ model: 'credit' });
  expect((await post('/predict', ROW)).statusCode).toBe(200);
});

test('the short way passes them on: on its connections too each has its one refusal, and the next request its answer', async () => {
  const store = await storeWithModel();
  const server = await startTestServer(store.places, { log: { mode: 'buffered', maxDelayMs: 5 } });
  // The first request of all learns the host the long way.
  await (await openTalk(server.port)).ask(predictText());
  let good = 1;
  for (const value of [...NO_VALUES, ...ODD_VALUES]) {
    const { talk, asked } = await openShort(server.port);
    const { status, headers } = await talk.ask(
      predictText(
        [],
        FEATURES.replace('VALUE', () => value),
      ),
    );
    expect([value, status]).toEqual([value, NO_VALUES.includes(value) ? clientFault : noServerFault]);
    const isOver = /\r\nconnection: close/i.test(headers);
    const next = isOver ? await openTalk(server.port) : talk;
    expect([value, (await next.ask(predictText())).status]).toEqual([value, 200]);
    good += asked + (status === 200 ? 2 : 1);
  }
  // Each line of the log is one that can be read again, and no others are there.
  await expect
    .poll(async () => (await readPredictions(store, { limit: 10_000 })).length, { timeout: 5_000 })
    .toBe(good);
});

test('a body over the limit, told or in chunks, and one that is compressed, are refused before they are held (RB-62)', async () => {
  const store = await storeWithModel();
  const { places: where } = store;
  const server = await startTestServer(where, { limits: { bodyBytes: 10_000 } });
  const before = process.memoryUsage.rss();
  const bomb = gzipSync(Buffer.alloc(60 << 20, '[0.5,40,null,true],'));
  const head = (type: string, ...lines: string[]) =>
    `${['POST /predict HTTP/1.1', 'Host: 127.0.0.1', `Content-Type: ${type}`, ...lines].join('\r\n')}\r\n\r\n`;
  const refusals: [string, Buffer, number][] = [];
  for (const type of [
    'application/json',
    'application/x-ndjson',
    'text/csv',
    'application/gzip',
    'application/zip',
  ]) {
    for (const encoding of [
      'gzip',
      'x-gzip',
      'deflate',
      'br',
      'zstd',
      'gzip, gzip',
      'GZIP',
      'compress',
      'unknown',
    ])
      refusals.push([
        `${type} ${encoding}`,
        Buffer.concat([
          Buffer.from(head(type, `Content-Encoding: ${encoding}`, `Content-Length: ${bomb.length}`)),
          bomb.subarray(0, 1_000),
        ]),
        415,
      ]);
  }
  const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
  refusals.push(
    ['told', Buffer.from(`${head('application/json', 'Content-Length: 10001')}[`), 413],
    ['told, 8 TB', Buffer.from(`${head('application/json', 'Content-Length: 8796093022208')}[`), 413],
    ['in chunks', Buffer.from(head('application/json', 'Transfer-Encoding: chunked') + chunk), 413],
    [
      'a line without end',
      Buffer.from(head('application/x-ndjson', 'Transfer-Encoding: chunked') + chunk.repeat(64)),
      413,
    ],
  );
  for (const [name, bytes, status] of refusals) {
    const answer = await (await openTalk(server.port)).ask(bytes);
    expect([name, answer.status]).toEqual([name, status]);
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
  expect((await (await openTalk(server.port)).ask(predictText())).status).toBe(200);
});

test('of a key that stands twice the last one counts, for the answer, for the log and on both ways', async () => {
  const store = await storeWithModel();
  const server = await startTestServer(store.places, { log: { mode: 'buffered', maxDelayMs: 5 } });
  const talk = await openTalk(server.port);
  const plain = JSON.parse((await talk.ask(predictText())).body).prediction;
  const { income, ...rest } = goodRow;
  const twice = `{"income":0.99,${JSON.stringify({ ...rest, income }).slice(1)}`;
  const escaped = `{"incom\\u0065":0.99,${JSON.stringify({ ...rest, income }).slice(1)}`;
  for (const row of [twice, escaped])
    expect(JSON.parse((await talk.ask(predictText([], `{"inputs":${row}}`))).body).prediction).toBe(plain);
  const forms = `{"inputs":{"age":-1},"inputs":${JSON.stringify(goodRow)}}`;
  expect(JSON.parse((await talk.ask(predictText([], forms))).body).prediction).toBe(plain);
  await expect.poll(async () => (await readPredictions(store, {})).length, { timeout: 5_000 }).toBe(4);
  for (const { inputs, prediction } of await readPredictions(store, {}))
    expect({ inputs, prediction }).toEqual({ inputs: goodRow, prediction: plain });
});

test('deep, wide and empty bodies: a refusal, and nobody waits for it', async () => {
  const store = await storeWithModel();
  const { app } = await openWholeApp(store, { limits: { bodyBytes: 8 << 20 } });
  const wide = JSON.stringify(
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`field ${i}`, i])),
  );
  const fields = [
    'inputs',
    'features',
    'instances',
    'dataframe_split',
    'dataframe_records',
    'outcomes',
    'parameters',
  ];
  const bodies = [
    ...['[]', '{}', '[[]]', '[{}]', `{"inputs":${wide}}`, `{"inputs":[${wide}]}`, wide],
    ...fields.flatMap((field) =>
      ['[]', '[[]]', '[{}]', '{}', '[[],[]]', 'null', '""', '[null]'].map((value) => `{"${field}":${value}}`),
    ),
    ...['data', 'columns', 'index'].map((field) => `{"dataframe_split":{"${field}":[]}}`),
    ...[
      '',
      '"shape":[0,4],',
      '"shape":[],',
      '"shape":[-1],',
      '"shape":[1e18],',
      '"shape":[4294967296,4294967296],',
    ].map((shape) => `{"inputs":[{"name":"income",${shape}"datatype":"FP64","data":[]}]}`),
    ...['inputs', 'features', 'instances', 'dataframe_records', 'outcomes'].flatMap((field) => [
      `{"${field}":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      `{"${field}":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
      `{"${field}":[${'[],'.repeat(50_000)}[]]}`,
    ]),
  ];
  for (const url of ['/predict', '/explain', '/invocations', '/v2/models/credit/infer', '/outcomes']) {
    for (const payload of bodies) {
      const begun = performance.now();
      const { statusCode } = await app.inject({ method: 'POST', url, headers: JSON_TYPE, payload });
      const shown = payload.slice(0, 100);
      expect({ url, shown, statusCode }).toEqual({ url, shown, statusCode: clientFault });
      expect(performance.now() - begun, `${url} ${shown}`).toBeLessThan(1_000);
    }
  }
});

test('a type that is none is refused by an answer of JSON that no browser takes for a page', async () => {
  const { places: where } = await storeWithModel();
  const { app } = await openApp(where);
  for (const type of [
    '<script>alert(1)</script>',
    'text/html;<img src=x onerror=alert(1)>',
    'application/x-python-serialize',
    'application/vnd.bentoml+pickle',
    'application/octet-stream',
    'application/x-yaml',
    `multipart/form-data; boundary=${'a'.repeat(5_000)}`,
    'application/json, text/html',
    'application/json;charset=utf-7',
    `${'a'.repeat(9_000)}/json`,
  ]) {
    for (const url of ['/predict', '/outcomes', '/explain']) {
      const answer = await app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': type },
        payload: ROW,
      });
      const isJson = type.startsWith('application/json;');
      expect([type, answer.statusCode]).toEqual([type, isJson ? expect.any(Number) : 415]);
      expect(answer.statusCode).toBeLessThan(500);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'x-content-type-options': 'nosniff',
      });
    }
  }
});
