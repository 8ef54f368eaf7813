import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import type { StorePlaces } from '../../src/storage/store.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openTestStore,
  promote,
  startTestServer,
  storeWithModel,
} from './support.js';

interface Line {
  row?: number;
  prediction_id?: string;
  prediction?: number;
  class?: string;
  warnings?: { feature: string; code: string }[];
  error?: { code: string; message: string; problems?: { row: number; feature: string }[] };
  done?: boolean;
  rows?: number;
  predicted?: number;
  failed?: number;
  warning_count?: number;
  version?: number;
}

const NDJSON = 'application/x-ndjson';
const serve = (places: StorePlaces, options = {}) => startTestServer(places, { port: 0, ...options });

async function send(url: string, body: string | Buffer, headers: Record<string, string>) {
  const answer = await fetch(`${url}/predict`, { method: 'POST', headers, body });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    text: await answer.text(),
    answer,
  };
}

const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The probability that `/predict` gives a row. */
async function probability(url: string, row: unknown): Promise<number> {
  const body = JSON.stringify({ inputs: row });
  const answer = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return ((await answer.json()) as { prediction: number }).prediction;
}

const many = Array.from({ length: 1500 }, (_, i) => ({ ...goodRow, age: 18 + (i % 60) }));

test('rows stream in as NDJSON and out as NDJSON: more than a request may have, each as /predict answers it, all logged', async () => {
  const store = await storeWithModel();
  const { url } = await serve(store.places, { log: { mode: 'buffered', maxRows: 1 } });
  const body = many.map((row) => JSON.stringify(row)).join('\n');
  const { status, type, text, answer } = await send(url, body, { 'content-type': NDJSON });
  expect(status).toBe(200);
  expect(type).toBe('application/x-ndjson; charset=utf-8');
  expect(answer.headers.get('x-riskops-version')).toBe('1');
  const lines = linesOf(text);
  const last = lines.pop();
  expect(last).toEqual({
    ...{ done: true, model: 'credit', version: 1, run_id: expect.any(String), threshold: 0.4 },
    ...{ rows: 1500, predicted: 1500, failed: 0, warning_count: 0 },
  });
  expect(lines.map(({ row }) => row)).toEqual(many.map((_, i) => i));
  expect(lines[61].prediction).toBe(await probability(url, many[61]));
  expect(lines[1499].prediction).toBe(await probability(url, many[1499]));
  // Of a log with room for 50 rows, nothing was dropped.
  const logged = await readPredictions(store, { limit: Number.POSITIVE_INFINITY });
  const ids = new Set(logged.map(({ id }) => id));
  expect(lines.filter(({ prediction_id }) => !ids.has(prediction_id as string))).toEqual([]);
});

test('a row that does not fit has its error on its line, and the stream goes on', async () => {
  const { places } = await storeWithModel();
  const { url } = await serve(places);
  const rows = [
    JSON.stringify(goodRow),
    '{"income": 0.5',
    JSON.stringify({ ...goodRow, age: 'old' }),
    '',
    '[0.5, 40, "서울", true]\r',
    '[0.5, 40]',
    JSON.stringify({ ...goodRow, income: 7, region: 'Mars' }),
    '{"__proto__": {"income": 1}}',
    JSON.stringify(goodRow),
  ];
  const lines = linesOf((await send(url, rows.join('\n'), { 'content-type': NDJSON })).text);
  const [good, broken, wrong, positional, short, odd, proto, again, totals] = lines;
  expect(broken).toEqual({
    row: 1,
    error: {
      code: 'BODY_INVALID',
      message: expect.stringMatching(/^Line 2 is not JSON\. (?!.*content-type)/),
    },
  });
  expect(wrong.error).toMatchObject({ code: 'VALIDATION_ERROR', problems: [{ row: 2, feature: 'age' }] });
  expect(positional).toMatchObject({ row: 3, prediction: good.prediction });
  expect(short.error?.code).toBe('FEATURE_SIZE_MISMATCH');
  expect(odd.warnings?.map(({ feature, code }) => `${feature} ${code}`)).toEqual([
    'income OUT_OF_RANGE',
    'region UNSEEN_CATEGORY',
  ]);
  // A line that is blank is no row, and is counted all the same.
  expect(proto.error).toMatchObject({
    code: 'BODY_INVALID',
    message: expect.stringMatching(/^Line 8 .*__proto__/),
  });
  expect(again).toMatchObject({ row: 7, prediction: good.prediction, class: good.class });
  expect(totals).toMatchObject({ done: true, rows: 8, predicted: 4, failed: 4, warning_count: 2 });
});

const CSV = [
  'id;age;owner;income;region',
  '1;40;true;0.5;서울',
  '2;40;yes;;"서울"',
  '3;old;true;0.5;서울',
  '4;40;true',
  '5;40;false;5e-1;"부""산',
  '6;40;false;NA;부산',
];

test('rows stream in as CSV and out as CSV, by the types of the signature', async () => {
  const { places } = await storeWithModel();
  const { url } = await serve(places);
  const { status, type, text } = await send(url, `\ufeff${CSV.join('\r\n')}\r\n`, {
    'content-type': 'text/csv',
  });
  expect([status, type]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
  const [header, first, second, wrong, short, open] = text.trimEnd().split('\n');
  expect(header).toBe('row,prediction_id,prediction,class,error');
  expect(first.split(',')[2]).toBe(String(await probability(url, goodRow)));
  expect(second.split(',')[2]).toBe(String(await probability(url, { ...goodRow, income: null })));
  expect(wrong).toMatch(/^2,,,,"?VALIDATION_ERROR: .*age/);
  expect(short).toMatch(/^3,,,,"?BODY_INVALID: .*3 fields/);
  // The quote of row 5 is never closed, so it takes all that follows into its field.
  expect(open).toMatch(/^4,,,,"?BODY_INVALID: .*quote/);
  const other = await send(url, CSV.slice(0, 3).join('\n'), { 'content-type': 'text/csv', accept: NDJSON });
  expect(linesOf(other.text).at(-1)).toMatchObject({ done: true, rows: 2, predicted: 2 });
});

test('what is wrong before the first row is an error like any other', async () => {
  const { places } = await storeWithModel();
  const { url } = await serve(places, { limits: { bodyBytes: 2048 } });
  const ask = async (body: string | Buffer, headers: Record<string, string>) => {
    const { status, text } = await send(url, body, headers);
    return [status, JSON.parse(text).error?.code, JSON.parse(text).error?.message];
  };
  const csv = { 'content-type': 'text/csv' };
  expect((await ask('age,income,region,owner\n', csv)).slice(0, 2)).toEqual([400, 'BODY_INVALID']);
  const [status, code, message] = await ask('age,incom,region,owner\n1,2,3,4\n', csv);
  expect([status, code]).toEqual([422, 'VALIDATION_ERROR']);
  expect(message).toContain('did you mean "incom"?');
  expect((await ask('\n \n', { 'content-type': NDJSON }))[1]).toBe('BODY_INVALID');
  expect((await ask(`"${'x'.repeat(3000)}"`, { 'content-type': NDJSON })).slice(0, 2)).toEqual([
    413,
    'BODY_TOO_LARGE',
  ]);
  expect((await ask(Buffer.from([0xc3, 0x28, 10]), { 'content-type': NDJSON }))[1]).toBe('BODY_INVALID');
  expect((await ask('{}', { 'content-type': 'text/csv; charset=euc-kr' })).slice(0, 2)).toEqual([
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ]);
  expect((await ask('{}', { 'content-type': 'text/html' }))[0]).toBe(415);
  const packed = await send(url, gzipSync('age,income\n'), { ...csv, 'content-encoding': 'gzip' });
  expect(JSON.parse(packed.text).error).toMatchObject({
    code: 'MEDIA_TYPE_UNSUPPORTED',
    hint: expect.stringMatching(/unpacked and without Content-Encoding/),
  });
  const [, , lacking] = await ask('id\n1\n', csv);
  expect(lacking).toContain('"income", "age", "region", "owner"');
  const none = await fetch(`${url}/models/nobody/predict`, { method: 'POST', headers: csv, body: 'a\n1\n' });
  expect(none.status).toBe(404);
});

test('a stream that fails on its way says so on its last line', async () => {
  const { places } = await storeWithModel();
  const { url } = await serve(places, { limits: { bodyBytes: 1024 } });
  const rows = `${many
    .slice(0, 60)
    .map((row) => JSON.stringify(row))
    .join('\n')}\n${'x'.repeat(2000)}\n`;
  const lines = linesOf((await send(url, rows, { 'content-type': NDJSON })).text);
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toMatchObject({ done: false, rows: 50, error: { code: 'BODY_TOO_LARGE' } });
});

/** A request that is still being sent, its answer as it comes. */
function openStream(url: string) {
  const call = httpRequest(`${url}/predict`, { method: 'POST', headers: { 'content-type': NDJSON } });
  call.on('error', () => {});
  const answered = new Promise<IncomingMessage>((resolve) => call.once('response', resolve));
  return { call, answered };
}

test('rows are answered as they come, one version answers them all, and the next request has the new one', async () => {
  const store = await storeWithModel();
  const { url } = await serve(store.places);
  const { call, answered } = openStream(url);
  call.write(`${JSON.stringify(goodRow)}\n`);
  const answer = await answered;
  let text = '';
  answer.on('data', (chunk) => (text += chunk));
  const more = async (lines: number) => {
    while (text.split('\n').length <= lines) await new Promise((resolve) => answer.once('data', resolve));
  };
  await more(1);
  await addVersion(store, await fitModel(2));
  await promote(store, 2);
  const other = await probability(url, goodRow);
  call.end(`${JSON.stringify(goodRow)}\n`);
  await more(3);
  const [first, second, totals] = linesOf(text);
  expect(first.prediction).not.toBe(other);
  expect(second.prediction).toBe(first.prediction);
  expect(totals).toMatchObject({ done: true, version: 1, rows: 2 });
});

test('a client that stops in the middle is cut off, and one that goes on is not, however long it takes', async () => {
  const { places } = await storeWithModel();
  const { url } = await serve(places, { limits: { headersMs: 300, receiveMs: 400 } });
  const slow = openStream(url);
  const steady = openStream(url);
  const begun = performance.now();
  for (const { call } of [slow, steady]) call.write(`${JSON.stringify(goodRow)}\n`);
  const cut = new Promise<number>((resolve) =>
    slow.call.once('close', () => resolve(performance.now() - begun)),
  );
  (await slow.answered).on('error', () => {}).resume();
  // A letter now and then is no row.
  const trickle = setInterval(() => slow.call.write('['), 100);
  const answer = await steady.answered;
  let text = '';
  answer.on('data', (chunk) => (text += chunk));
  const ended = new Promise((resolve) => answer.once('end', resolve));
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    steady.call.write(`${JSON.stringify(goodRow)}\n`);
  }
  steady.call.end();
  await ended;
  clearInterval(trickle);
  expect(linesOf(text).at(-1)).toMatchObject({ done: true, rows: 7 });
  expect(await cut).toBeLessThan(performance.now() - begun);
});

test('a client that goes away ends the work', async () => {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1));
  await promote(store, 1);
  const { url } = await serve(store.places, { log: { mode: 'buffered' } });
  const { call, answered } = openStream(url);
  call.write(`${JSON.stringify(goodRow)}\n`);
  const answer = await answered;
  answer.on('error', () => {}).resume();
  call.write(many.map((row) => `${JSON.stringify(row)}\n`).join(''));
  call.destroy();
  expect(await probability(url, goodRow)).toBeGreaterThan(0);
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const count = async () =>
    Number(/riskops_predictions_total\{model="credit"\} (\d+)/.exec(await metrics())?.[1]);
  const before = await count();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await count()).toBe(before);
});
