import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveRoutes } from '../../src/commands/serve-routes.js';
import { columnsOf, forecast, startForecast } from '../../src/pipeline/forecast/forecast.js';
import { readKnownRows } from '../../src/pipeline/forecast/known-rows.js';
import { trainModel } from '../../src/pipeline/train.js';
import { seededRandom } from '../../src/util/random.js';
import { openStoreIn, planFor } from '../pipeline/support.js';
import { temporaryFolder } from '../support/temporary.js';
import { openApp, promote, storeWithModel } from './support.js';

const monthOf = (i: number) => `${2010 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}-01`;

interface Sale {
  month: string;
  store: string;
  staff: number;
  sales: number;
}

/** Sales of two stores over ten years. */
function makeSales(): Sale[] {
  const random = seededRandom(11);
  return ['부산', '서울'].flatMap((store, s) =>
    Array.from({ length: 120 }, (_, i) => ({
      ...{ month: monthOf(i), store, staff: 3 + (i % 2) },
      sales: 20 * (s + 1) + 5 * Math.sin((i * Math.PI) / 6) + random(),
    })),
  );
}

async function serveForecaster() {
  const folder = temporaryFolder();
  const sales = makeSales();
  const lines = sales.map(({ month, store, staff, sales: value }) => [month, store, staff, value].join(','));
  writeFileSync(join(folder, 'loans.csv'), `month,store,staff,sales\n${lines.join('\n')}\n`);
  const store = await openStoreIn(folder);
  const plan = {
    ...planFor(folder),
    model: 'sales',
    target: 'sales',
    time: 'month',
    horizon: 6,
    group: 'store',
  };
  await trainModel(store, { ...plan, learner: 'ridge', split: 'time:month:0.2' }, { root: folder });
  await promote(store, 1, 'sales');
  const { app, context } = await openApp(store.places, { routes: serveRoutes(folder) });
  const ask = async (payload?: object, url = '/forecast') => {
    const answer = await app.inject({ method: 'POST', url, payload });
    return { status: answer.statusCode, body: answer.json() };
  };
  return { folder, store, sales, app, context, ask };
}

test('a forecast by HTTP is the one of the command, from the recorded rows and from those of the request', async () => {
  const { folder, store, sales, context, ask } = await serveForecaster();
  const own = JSON.parse(JSON.stringify(await forecast(store, { model: 'sales', root: folder })));
  expect(own.rows).toHaveLength(12);
  expect(await ask({})).toEqual({ status: 200, body: own });
  expect((await ask(undefined, '/models/sales/forecast')).body).toEqual(own);
  // Of each series the rows that the model looks back on are enough.
  const newest = ['부산', '서울'].flatMap((name) =>
    sales.filter(({ month, store: its }) => its === name && month >= monthOf(100)).reverse(),
  );
  expect((await ask({ rows: newest })).body).toEqual(own);
  const far = JSON.parse(JSON.stringify(await forecast(store, { model: 'sales', root: folder, horizon: 9 })));
  expect((await ask({ model: 'sales', horizon: 9, rows: newest })).body).toEqual(far);
  // Series that are forecast one after the other are forecast as together.
  const { predictor } = await context.slots.current('sales');
  const columns = columnsOf(predictor, 'sales', 1);
  const known = await readKnownRows(predictor.header, {
    root: folder,
    columns,
    lookBack: predictor.lookBack,
  });
  const apart = startForecast(predictor, known, { model: 'sales', version: 1, rowsAtOnce: 1 });
  expect(apart.steps).toBe(14);
  for (let step = 0; step < apart.steps; step++) apart.advance();
  expect(JSON.parse(JSON.stringify(apart.result()))).toEqual(own);
  const one = await ask({ series: ['서울'], intervals: false });
  expect(one.body.rows).toEqual(
    own.rows.slice(6).map(({ intervals: _, ...row }: { intervals: object }) => row),
  );
  // A month that came since moves the forecast on.
  const since = { month: monthOf(120), store: '서울', staff: 3, sales: 44 };
  const later = await ask({ rows: [...newest, since], series: ['서울'], horizon: 1 });
  expect(later.body).toMatchObject({
    known_until: '2020-01-01',
    rows: [{ series: '서울', time: '2020-02-01' }],
  });
});

test('the recorded file is read once, and a file that was changed is refused', async () => {
  const { folder, ask } = await serveForecaster();
  const { body } = await ask({});
  const path = join(folder, 'loans.csv');
  writeFileSync(path, `${readFileSync(path, 'utf8')}2020-01-01,서울,3,99\n`);
  expect((await ask({})).body).toEqual(body);
  const { app } = await openApp((await openStoreIn(folder)).places, { routes: serveRoutes(folder) });
  const fresh = await app.inject({ method: 'POST', url: '/forecast', payload: {} });
  expect([fresh.statusCode, fresh.json().error.code]).toEqual([503, 'DATA_CHANGED']);
});

test('a series with less history than the model looks back on is warned of as /predict warns, and has no intervals, as by the command', async () => {
  const { folder, store, sales, ask } = await serveForecaster();
  const of = (name: string, months: number) => sales.filter((row) => row.store === name).slice(-months);
  const { body } = await ask({ rows: [...of('부산', 2), ...of('서울', 30)] });
  const { body: predicted } = await ask({ inputs: of('부산', 2) }, '/predict');
  const [{ looks_back }] = predicted.warnings;
  expect(predicted.warnings[0]).toMatchObject({ code: 'HISTORY_MISSING', feature: 'month', rows_before: 1 });
  const warning = { series: '부산', feature: 'month', code: 'HISTORY_MISSING', rows_before: 2, looks_back };
  expect(body.warnings).toEqual([warning]);
  expect(body.notes).toEqual([
    `Warning: The series 부산 has 2 rows, and the model looks back on ${looks_back}. Its forecast stands on less than the model was made for, and has no intervals.`,
  ]);
  const shares = (row: { intervals: object }) => Object.keys(row.intervals).length;
  expect(body.rows.map(shares)).toEqual([...Array(6).fill(0), ...Array(6).fill(2)]);
  const lines = [...of('부산', 2), ...of('서울', 30)].map((row) => Object.values(row).join(','));
  writeFileSync(join(folder, 'short.csv'), `month,store,staff,sales\n${lines.join('\n')}\n`);
  const own = await forecast(store, { model: 'sales', root: folder, data: join(folder, 'short.csv') });
  expect(body).toEqual(JSON.parse(JSON.stringify(own)));
  // As many rows as the model looks back on are enough.
  expect((await ask({ rows: of('부산', looks_back) })).body).toMatchObject({ warnings: [], notes: [] });
  expect((await ask({ rows: of('부산', looks_back - 1) })).body.warnings).toHaveLength(1);
});

test('what does not fit is named', async () => {
  const { sales, ask } = await serveForecaster();
  const refused = async (payload: object, url?: string) => {
    const { status, body } = await ask(payload, url);
    return [status, body.error.code, body.error.message];
  };
  const recent = sales.slice(-30);
  expect((await refused({ horizon: 0, horizn: 3 }))[2]).toMatch(/horizn.*did you mean "horizon".*1 more/);
  expect((await refused({ horizon: 1001 }))[0]).toBe(422);
  expect((await refused({ model: 'sales' }, '/models/sales/forecast'))[0]).toBe(422);
  expect((await refused({ rows: [] }))[2]).toContain('rows');
  expect((await refused({ rows: [{ ...recent[0], month: 'soon' }] }))[2]).toMatch(
    /row 0, month: text "soon"/,
  );
  expect((await refused({ rows: [...recent, { ...recent[0], month: null }] }))[2]).toMatch(
    /row 30, month: null/,
  );
  expect((await refused({ rows: recent.slice(0, 1) })).slice(0, 2)).toEqual([422, 'INPUT_INVALID']);
  expect((await refused({ rows: recent.map((row) => ({ ...row, sales: null })) })).slice(0, 2)).toEqual([
    422,
    'INPUT_INVALID',
  ]);
  expect((await refused({ rows: recent, series: ['제주'] }))[2]).toContain('There is: 서울');
  expect((await refused({ rows: Array(1001).fill(recent[0]) })).slice(0, 2)).toEqual([413, 'TOO_MANY_ROWS']);
  expect((await refused({ model: 'nobody' }))[0]).toBe(404);
});

test('a model that is no forecaster says so, and a forecast that takes too long is ended', async () => {
  const { places } = await storeWithModel();
  const { app } = await openApp(places, { routes: serveRoutes('.') });
  const none = await app.inject({ method: 'POST', url: '/forecast', payload: {} });
  expect([none.statusCode, none.json().error.code]).toEqual([422, 'OPTION_INVALID']);
  expect(none.json().error.message).toContain('no forecaster');
  const { context, ask } = await serveForecaster();
  context.limits.requestMs = 1;
  expect([503, 504]).toContain((await ask({ horizon: 1000 })).status);
});
