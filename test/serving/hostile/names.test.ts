import { expect, test } from 'vitest';
import { send } from '../auth/support.js';
import { goodRow, storeWithModel } from '../support.js';
import { NAMES, UNSHOWABLE } from './names.js';
import { openWholeApp } from './support.js';

/** All texts in a value. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [key, ...textsOf(one)]);
}

const encoded = (name: string) => (name === '\ud800' ? '%ED%A0%80' : encodeURIComponent(name));

test('hostile names are refused or come back as they are, and reach neither paths nor terminals (RB-81)', async () => {
  const store = await storeWithModel();
  const news: string[] = [];
  const { app, asked } = await openWholeApp(store, { onNews: (line) => news.push(line) });
  for (const name of NAMES) {
    const part = encoded(name);
    for (const [method, url] of [
      ['POST', `/models/${part}/predict`],
      ['POST', `/models/${part}/explain`],
      ['POST', `/v2/models/${part}/infer`],
      ['GET', `/v2/models/${part}`],
      ['GET', `/v2/models/credit/versions/${part}`],
      ['GET', `/runs/${part}`],
      ['GET', `/runs?model=${part}`],
      ['GET', `/accuracy?model=${part}`],
      ['GET', `/drift?model=${part}`],
      ['DELETE', `/tokens/${part}`],
    ] as const) {
      const payload = method === 'POST' ? { inputs: goodRow } : undefined;
      const { status, body, headers } = await send(app, url, { method, payload });
      const isList = url.startsWith('/runs?') && status === 200;
      if (isList) expect(body.items).toEqual([]);
      // Without a name these are other routes, and dots are taken out on the way.
      else if (!['', '.', '..'].includes(name))
        expect({ method, url, status }).toEqual({
          method,
          url,
          status: expect.toSatisfy((is) => is >= 400 && is < 500),
        });
      expect(headers['content-type'] ?? 'application/json').toMatch(/^application\/json/);
      for (const text of textsOf(body)) expect(text).not.toMatch(UNSHOWABLE);
      // What 7 * 7 makes may be a time's own second.
      const told = JSON.stringify(body)?.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '');
      expect(told ?? '').not.toMatch(/\b49\b|uid=|root:|sqlite/i);
      expect(headers['set-cookie']).toBeUndefined();
    }
    const made = await send(app, '/tokens', { method: 'POST', payload: { name, role: 'viewer' } });
    if (made.status === 201) {
      expect(made.body.name).toBe(name.normalize('NFC'));
      await store.write((transaction) => transaction.deleteFrom('tokens').execute());
    } else expect([name, made.status]).toEqual([name, 422]);
  }
  expect(asked).toEqual([]);
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  for (const line of news) expect(line).not.toMatch(UNSHOWABLE);
});

const INJECTIONS = [
  "'",
  "' OR '1'='1",
  "' OR 1=1 --",
  '" OR ""="',
  "'; DROP TABLE runs; --",
  "1; DELETE FROM versions WHERE '1'='1",
  "' UNION SELECT name, sql FROM sqlite_master --",
  "1' AND (SELECT COUNT(*) FROM tokens) > 0 --",
  "x' || load_extension('x') || '",
  "'; ATTACH DATABASE '/tmp/x' AS x; --",
  '%_%',
  "admin'/*",
  "\\'; PRAGMA writable_schema=1; --",
];
const NUMBERS = [
  '1e9',
  '-1',
  'NaN',
  '0x10',
  '1.5',
  '99999999999999999999',
  '١',
  ' 1',
  '1;',
  'Infinity',
  '1_0',
  '',
];

test('no text in any parameter of any route reaches the database as more than a text, and odd numbers are refused (RB-67)', async () => {
  const store = await storeWithModel();
  const { app } = await openWholeApp(store);
  const contents = async () => {
    const tables = ['runs', 'versions', 'promotions', 'tokens', 'models'] as const;
    return Promise.all(tables.map((table) => store.db.selectFrom(table).selectAll().execute()));
  };
  const before = await contents();
  interface Operation {
    parameters?: { name: string; in: string; schema?: { type?: string | string[] } }[];
  }
  const { paths } = (await send(app, '/openapi.json')).body as {
    paths: Record<string, Record<string, Operation>>;
  };
  let tried = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      for (const { name, in: where, schema } of parameters) {
        const isText = schema?.type === 'string';
        for (const text of [...INJECTIONS, ...(isText ? [] : NUMBERS)]) {
          const within = path.replace(`{${name}}`, encoded(text)).replaceAll(/\{\w+\}/g, 'credit');
          const url = where === 'query' ? `${within}?${name}=${encoded(text)}` : within;
          const payload = method === 'post' ? { inputs: goodRow } : undefined;
          const { status, body } = await send(app, url, { method: method.toUpperCase() as 'GET', payload });
          tried++;
          expect({ method, url, status }).toEqual({
            method,
            url,
            status: expect.toSatisfy((is) => is < 500),
          });
          // What is no text has no such value; a text may be one that nothing has.
          if (!isText)
            expect({ method, url, status }).toEqual({
              method,
              url,
              status: expect.toSatisfy((is) => is >= 400),
            });
          else if (status === 200) expect(body.items ?? []).toEqual([]);
          expect(JSON.stringify(body)).not.toMatch(/SQLITE_|syntax error|near \\"|no such (column|table)/);
        }
      }
    }
  }
  expect(tried).toBeGreaterThan(300);
  expect(await contents()).toEqual(before);
});

test('texts that take some patterns minutes are answered at once (RB-66)', async () => {
  const store = await storeWithModel();
  const { app } = await openWholeApp(store);
  const slow = [
    'a'.repeat(8_000),
    `${'a'.repeat(4_000)}!`,
    ' '.repeat(8_000),
    `${'\t '.repeat(3_000)}x`,
    '('.repeat(8_000),
    `${'a.'.repeat(3_000)}@`,
    `${'9'.repeat(8_000)}x`,
    `${';a=b'.repeat(2_000)}"`,
    `${'"\\'.repeat(3_000)}`,
    '%41'.repeat(2_500),
    '-'.repeat(8_000),
    `${'x,'.repeat(4_000)}`,
  ];
  for (const text of slow) {
    const header = text.replaceAll('\t', ' ');
    const long = encoded(text)
      .slice(0, 7_500)
      .replace(/%[0-9A-F]?$/, '');
    for (const [url, headers] of [
      ...[
        'content-type',
        'accept',
        'authorization',
        'origin',
        'host',
        'x-request-id',
        'content-encoding',
      ].map((name) => ['/predict', { [name]: header }] as const),
      ...['where', 'order', 'columns', 'model', 'after', 'limit'].map(
        (name) => [`/runs?${name}=${long}`, {}] as const,
      ),
      ...['since', 'by', 'metric', 'window', 'version'].map(
        (name) => [`/accuracy?${name}=${long}`, {}] as const,
      ),
      [`/drift?reference=${long}`, {}] as const,
      [`/models/${long}/predict`, {}] as const,
    ]) {
      const begun = performance.now();
      const isPost = url.endsWith('/predict');
      const payload = isPost ? JSON.stringify({ inputs: goodRow }) : undefined;
      const { status } = await send(app, url, { method: isPost ? 'POST' : 'GET', headers, payload });
      expect(performance.now() - begun, url.slice(0, 80)).toBeLessThan(1_000);
      expect(status).toBeLessThan(500);
    }
  }
});
