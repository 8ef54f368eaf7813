import { expect, test } from 'vitest';
import { type Contract, contractFaults } from '../../src/checks/contract.js';
import { resolveReference, type Schema } from '../../src/checks/json-schema.js';
import { serveRoutes } from '../../src/commands/serve-routes.js';
import { goodRow, openApp, storeWithModel } from '../serving/support.js';

type Media = Record<string, { schema?: Schema }>;
interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: { content: Media };
  responses: Record<string, { description?: string; content?: Media }>;
}
type Document = Contract & {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
};

/** Routes as the router prints them: a tree whose branches are parts of paths. */
function routesOf(tree: string): string[] {
  const stack: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const found = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (found === null) return [];
    const depth = found[1].length / 4;
    stack.length = depth;
    stack.push(found[2]);
    const path = stack.join('').replace(/:(\w+)/g, '{$1}');
    const methods = found[3]?.split(', ').filter((method) => method !== 'HEAD') ?? [];
    return methods.map((method) => `${method} ${path}`);
  });
}

async function serve() {
  const { places } = await storeWithModel();
  const { app } = await openApp(places, { routes: serveRoutes('.') });
  const document: Document = (await app.inject({ method: 'GET', url: '/openapi.json' })).json();
  return { app, document };
}

test('the document names every route of the router, and no other', async () => {
  const { app, document } = await serve();
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = routesOf(app.printRoutes({ commonPrefix: false }));
  expect(routes.length).toBeGreaterThan(20);
  expect(described.sort()).toEqual(routes.sort());
});

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** Every schema in a value, its own parts too. */
function schemasIn(value: unknown): Schema[] {
  if (Array.isArray(value)) return value.flatMap(schemasIn);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value || '$ref' in value || 'anyOf' in value ? [value as Schema] : [];
  return [...own, ...Object.values(value).flatMap(schemasIn)];
}

test('the document is OpenAPI 3.1 by its rules', async () => {
  const { document } = await serve();
  expect(document.openapi).toMatch(/^3\.1\.\d+$/);
  expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
  const wrong: string[] = [];
  const demand = (isRight: boolean, what: string) => isRight || wrong.push(what);
  for (const [path, methods] of Object.entries(document.paths)) {
    demand(path.startsWith('/'), `${path} does not begin with a slash`);
    for (const [method, { summary, parameters = [], requestBody, responses }] of Object.entries(methods)) {
      const route = `${method} ${path}`;
      demand(['get', 'post', 'put', 'patch', 'delete'].includes(method), `${route}: no method`);
      demand(typeof summary === 'string', `${route}: no summary`);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const named = parameters.filter((parameter) => parameter.in === 'path');
      demand(named.map(({ name }) => name).join() === inPath.join(), `${route}: parameters of its path`);
      demand(
        named.every(({ required }) => required === true),
        `${route}: a parameter of the path is not required`,
      );
      for (const parameter of parameters)
        demand(parameter.schema !== undefined, `${route}: ${parameter.name}`);
      demand(Object.keys(responses).length > 0, `${route}: no responses`);
      for (const [status, { description, content }] of Object.entries(responses)) {
        demand(/^[1-5]\d\d$/.test(status), `${route}: status ${status}`);
        demand(typeof description === 'string' && description !== '', `${route} ${status}: no description`);
        demand(content === undefined || Object.keys(content).length > 0, `${route} ${status}: no media type`);
      }
      if (requestBody !== undefined) demand(Object.keys(requestBody.content).length > 0, `${route}: no body`);
    }
  }
  for (const schema of schemasIn(document.paths)) {
    const { $ref, type } = schema;
    if (typeof $ref === 'string') resolveReference($ref, document);
    // A property may be called `type`: then it is a schema itself.
    if (typeof type === 'string' || Array.isArray(type))
      demand(
        [type].flat().every((name) => TYPES.includes(name as string)),
        `the type ${type}`,
      );
    demand(!('nullable' in schema), 'nullable is of OpenAPI 3.0');
  }
  expect(wrong).toEqual([]);
});

test('answers are as the document says, errors too', async () => {
  const { app, document } = await serve();
  const tensors = Object.entries({ income: 'FP64', age: 'INT64', region: 'BYTES', owner: 'BOOL' }).map(
    ([name, datatype]) => ({
      ...{ name, shape: [1], datatype, data: [goodRow[name as keyof typeof goodRow]] },
    }),
  );
  const asked: [string, object?][] = [
    ...['/health', '/ready', '/version', '/openapi.json', '/model', '/models', '/runs'].map(
      (url): [string] => [url],
    ),
    ...['/runs/latest', '/runs/nope', '/v2', '/v2/', '/v2/health/live'].map((url): [string] => [url]),
    ...['/v2/health/ready', '/v2/models/credit', '/v2/models/credit/versions/1'].map((url): [string] => [
      url,
    ]),
    ...['/v2/models/credit/ready', '/v2/models/nobody', '/v2/models/credit/versions/1/ready'].map(
      (url): [string] => [url],
    ),
    ['/predict', { inputs: goodRow }],
    ['/predict', { inputs: [goodRow, { ...goodRow, region: null, income: 9 }] }],
    ['/predict', { inputs: { ...goodRow, age: 'x' } }],
    ['/predict', { features: [1] }],
    ['/predict', []],
    ['/models/credit/predict', { inputs: goodRow }],
    ['/models/nobody/predict', { inputs: goodRow }],
    ['/forecast', {}],
    [
      '/invocations',
      { instances: [goodRow], params: { predict_method: 'predict_proba', prediction_ids: true } },
    ],
    ['/invocations', { instances: [] }],
    ['/v2/models/credit/infer', { inputs: tensors }],
    ['/v2/models/credit/versions/1/infer', { inputs: tensors, id: 'a', outputs: [{ name: 'class' }] }],
    ['/v2/models/credit/infer', { inputs: [] }],
  ];
  for (const [url, payload] of asked) {
    const method = payload === undefined ? 'GET' : 'POST';
    const { statusCode: status, body } = await app.inject({ method, url, payload });
    const faults = contractFaults(document, { method, path: url, status, body: JSON.parse(body) });
    expect({ url, status, faults }).toEqual({ url, status, faults: [] });
  }
});

test('lines of a stream are as the document says', async () => {
  const { app, document } = await serve();
  const type = 'application/x-ndjson';
  const payload = [goodRow, { ...goodRow, age: 'x' }, { ...goodRow, income: 9 }].map((row) =>
    JSON.stringify(row),
  );
  const headers = { 'content-type': type };
  const answer = await app.inject({ method: 'POST', url: '/predict', headers, payload: payload.join('\n') });
  const lines = answer.body.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  for (const line of lines)
    expect(
      contractFaults(document, {
        method: 'POST',
        path: '/predict',
        status: 200,
        body: JSON.parse(line),
        type,
      }),
    ).toEqual([]);
});

test('an answer that is not as the document says is told', async () => {
  const { document } = await serve();
  const answer = { status: 'ok', model_loaded: true, timestamp: '2026-01-01T00:00:00.000Z' };
  const faults = (body: object, path = '/health', status = 200) =>
    contractFaults(document, { method: 'GET', path, status, body });
  expect(faults(answer)).toEqual([]);
  expect(faults({ ...answer, status: 'fine' })).toEqual(['.status is none of its values']);
  expect(faults({ ...answer, timestamp: 'now' })).toEqual(['.timestamp is no date-time']);
  expect(faults({ status: 'ok' })).toEqual(['it lacks model_loaded', 'it lacks timestamp']);
  expect(faults(answer, '/nowhere')).toEqual(['the route is not described']);
  expect(faults(answer, '/health', 418)).toEqual(['the status 418 is not described']);
});
