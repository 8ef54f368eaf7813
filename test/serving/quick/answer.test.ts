import { expect, test } from 'vitest';
import { readPredictions } from '../../../src/monitoring/read-predictions.js';
import { createQuickAnswer } from '../../../src/serving/quick/answer.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openApp,
  openTestStore,
  promote,
  storeWithModel,
} from '../support.js';

const ROW = [0.5, 40, '서울', true];

/** The app of a store, its short way, and its long way. */
async function openWays(
  task: 'binary' | 'multiclass' | 'regression' = 'binary',
  mode: 'buffered' | 'sync' = 'buffered',
) {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1, task));
  await promote(store, 1);
  const { app, context } = await openApp(store.places, { log: { mode } });
  const model = await context.slots.current();
  const answer = createQuickAnswer(context, ({ host }) => host === 'localhost');
  const quick = (text: string, url = '/predict', host = 'localhost') => {
    const body = Buffer.from(text);
    // What a busy machine makes slow goes the long way, too.
    model.pace.msPerRow = 0.01;
    const head = { url, bytes: body.length, host, authorization: undefined, requestId: 'asked-by-me' };
    return answer(head, body);
  };
  const long = (payload: string, url = '/predict') =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', 'x-request-id': 'asked-by-me', host: 'localhost' },
      payload,
    });
  return { store, context, quick, long };
}

/** Ids are never the same twice. */
const withoutIds = (text: string) =>
  text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID');

const PLAIN = [
  JSON.stringify({ inputs: goodRow }),
  JSON.stringify({ features: ROW }),
  JSON.stringify({ features: [null, 18, '부산', false] }),
  '{ "features" : [0.25, 80,\n "부산",\r\n\tfalse] }',
  '{"inputs":{"owner":true,"region":"서울","age":40,"income":-0}}',
  '{"features":[-0,\n40,"서울",true]}',
];

test.each(['binary', 'multiclass', 'regression'] as const)(
  'the short way answers and logs what the long way does, byte for byte but for the ids: %s',
  async (task) => {
    const { store, context, quick, long } = await openWays(task);
    for (const body of PLAIN) {
      for (const url of ['/predict', '/models/credit/predict']) {
        const slow = await long(body, url);
        expect(slow.statusCode).toBe(200);
        const fast = quick(body, url);
        expect(fast?.requestId).toBe('asked-by-me');
        expect(withoutIds(fast?.text ?? '')).toBe(withoutIds(slow.body));
        expect(JSON.parse(fast?.text ?? '').predictions[0].prediction_id).toBe(
          JSON.parse(fast?.text ?? '').prediction_id,
        );
      }
    }
    await context.log.flush();
    const entries = await readPredictions(store, {});
    expect(entries).toHaveLength(4 * PLAIN.length);
    for (let i = 0; i < entries.length; i += 2) {
      const [slow, fast] = entries.slice(i, i + 2).map(({ id: _, at, ...entry }) => {
        expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
        return entry;
      });
      expect(fast).toEqual(slow);
    }
    const ids = entries.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const { text } = await context.metrics.read();
    expect(text).toMatch(new RegExp(`riskops_predictions_total\\{model="credit"\\} ${4 * PLAIN.length}\\n`));
    expect(text).toMatch(
      /riskops_http_requests_total\{method="POST",route="\/models\/:name\/predict",status="200"\} \d/,
    );
  },
);

const ODD: [string, string][] = [
  ['two rows', JSON.stringify({ features: [ROW, ROW] })],
  ['a list of one', JSON.stringify({ inputs: [goodRow] })],
  ['a value out of range', JSON.stringify({ inputs: { ...goodRow, age: 99 } })],
  ['an unseen category', JSON.stringify({ inputs: { ...goodRow, region: '대구' } })],
  ['a missing value that training had not', JSON.stringify({ inputs: { ...goodRow, age: null } })],
  ['a wrong type', JSON.stringify({ inputs: { ...goodRow, age: '40' } })],
  ['a field too many', JSON.stringify({ inputs: { ...goodRow, id: 7 } })],
  ['a field too few', JSON.stringify({ inputs: { income: 1 } })],
  ['an infinity', '{"features":[1e999,40,"서울",true]}'],
  ['another key', JSON.stringify({ inputs: goodRow, explain: true })],
  ['a key twice', `{"features":[9,9,"a",false],"features":${JSON.stringify(ROW)}}`],
  ['a prototype', `{"inputs":{"__proto__":{},"income":0.5,"age":40,"region":"서울"}}`],
  ['a backslash', String.raw`{"inputs":{"income":0.5,"age":40,"region":"\uc11c\uc6b8","owner":true}}`],
  ['no JSON', '{"features":[0.5,40,"서울",true]'],
  ['more than JSON', `${JSON.stringify({ features: ROW })}}`],
  ['an array', JSON.stringify(ROW)],
  ['no row', '{"features":[]}'],
  ['null', 'null'],
];

test('what is odd about a body in any way goes the long way', async () => {
  const { quick, context } = await openWays();
  for (const [what, body] of ODD) expect([what, quick(body)]).toEqual([what, null]);
  expect(context.log.state().pending).toBe(0);
  expect(quick(PLAIN[0])).not.toBeNull();
});

test('what is not UTF-8, not admitted, not a predict route or not of this model goes the long way', async () => {
  const { quick, context } = await openWays();
  const body = PLAIN[0];
  expect(quick(body)).not.toBeNull();
  expect(quick(body, '/predict', 'evil.example')).toBeNull();
  for (const url of [
    '/predict?explain=true',
    '/predict/',
    '//predict',
    '/PREDICT',
    '/models/other/predict',
    '/models/%63redit/predict',
  ])
    expect([url, quick(body, url)]).toEqual([url, null]);
  const answer = createQuickAnswer(context, () => true);
  const bytes = Buffer.from(
    JSON.stringify({ inputs: { ...goodRow, region: 'XX' } }).replace('XX', '\xff\xfe'),
    'latin1',
  );
  expect(
    answer(
      {
        url: '/predict',
        bytes: bytes.length,
        host: 'localhost',
        authorization: undefined,
        requestId: undefined,
      },
      bytes,
    ),
  ).toBeNull();
});

test('with the log in mode sync no answer may come before its entry: the long way waits for it', async () => {
  const { quick } = await openWays('binary', 'sync');
  expect(quick(PLAIN[0])).toBeNull();
});

test('a promotion is seen by the request after it', async () => {
  const store = await storeWithModel();
  const { context } = await openApp(store.places);
  await context.slots.current();
  const answer = createQuickAnswer(context, () => true);
  const body = Buffer.from(PLAIN[0]);
  const head = {
    url: '/predict',
    bytes: body.length,
    host: 'localhost',
    authorization: undefined,
    requestId: undefined,
  };
  const versionOf = () => JSON.parse(answer(head, body)?.text ?? '{}').version;
  expect(versionOf()).toBe(1);
  await addVersion(store, await fitModel(2));
  await promote(store, 2);
  // The new model is being read: the long way waits for it.
  expect(versionOf()).toBeUndefined();
  await context.slots.current();
  expect(versionOf()).toBe(2);
});
