import { expect, test } from 'vitest';
import { pointOf, runRow } from '../storage/rows.js';
import { openApp, openTestStore } from './support.js';

const id = (start: string) => start.padEnd(32, '0');

async function appWithRuns() {
  const store = await openTestStore();
  await store.write(async (t) => {
    for (const start of ['a', 'b', 'c', 'd'])
      await t
        .insertInto('runs')
        .values({ ...runRow(id(start)), status: 'FINISHED', parent_run_id: start === 'a' ? null : id('a') })
        .execute();
    await t
      .insertInto('params')
      .values({ run_id: id('c'), key: 'avg depth', value: '4' })
      .execute();
  });
  await store.insertMetrics(['a', 'b', 'c'].map((start, i) => pointOf(id(start), 'auc', 0, i / 10)));
  const { app } = await openApp(store.places);
  const get = async (query: Record<string, string>) => {
    const answer = await app.inject({ url: '/runs', query });
    return { status: answer.statusCode, body: answer.json() };
  };
  return { store, get };
}

const ids = (body: { items: { run_id: string }[] }) => body.items.map((run) => run.run_id[0]).join('');

test('GET /runs filters, orders and pages by mark with the grammar of the command line', async () => {
  const { get } = await appWithRuns();
  const where = 'metrics.auc >= 0 or params."avg depth" = 4';
  const first = await get({
    where,
    order: 'metrics.auc desc',
    limit: '2',
    columns: 'params."avg depth"',
    include_metrics: 'false',
  });
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({ total: 3, count: 2, limit: 2, offset: 0, next_offset: 2 });
  expect(first.body.items.map((run: { columns: object }) => run.columns)).toEqual([
    { 'params."avg depth"': '4' },
    { 'params."avg depth"': null },
  ]);
  expect(first.body.items[0].metrics).toBeUndefined();
  const second = await get({ where, order: 'metrics.auc desc', limit: '2', after: first.body.next_after });
  expect([ids(first.body), ids(second.body), second.body.next_after]).toEqual(['cb', 'a', null]);
  const below = await get({ where: 'params."avg depth" = 4', ancestors: 'true' });
  expect([ids(below.body), ids({ items: below.body.ancestors })]).toEqual(['c', 'a']);
});

test('GET /runs leaves out the trash, and shows it when asked', async () => {
  const { store, get } = await appWithRuns();
  await store.write((t) =>
    t
      .updateTable('runs')
      .set({ deleted_at: '2026-03-01T00:00:00.000Z' })
      .where('run_id', '=', id('d'))
      .execute(),
  );
  expect(ids((await get({})).body)).toBe('cba');
  expect((await get({ deleted: 'true' })).body).toMatchObject({
    total: 1,
    items: [{ run_id: id('d'), deleted_at: '2026-03-01T00:00:00.000Z' }],
  });
});

test('a filter that cannot be read is 422 with the character, and nothing of SQL', async () => {
  const { get } = await appWithRuns();
  const { status, body } = await get({ where: "metrcs.auc > 0 or 'x'" });
  expect(status).toBe(422);
  expect(body).toMatchObject({
    ok: false,
    error: {
      code: 'RUN_FILTER_INVALID',
      message: expect.stringMatching(/at character 1, .*metrics\.auc/),
      details: { position: 1 },
    },
  });
  const refused: Record<string, string>[] = [
    { where: '' },
    { where: "' OR 1=1 --" },
    { where: '('.repeat(500) },
    { where: `id = 'x'${" or id = 'x'".repeat(100)}` },
    { order: 'auc desc' },
    { columns: 'id; drop table runs' },
    { after: 'e30' },
    { after: "x' OR 1=1 --" },
    { status: 'DONE' },
    { deleted: 'yes' },
    { where: "model = 'x'", nosuch: '1' },
    { after: 'e30', offset: '3' },
  ];
  for (const query of refused) {
    const answer = await get(query);
    expect({ query, status: answer.status }).toEqual({ query, status: 422 });
    expect(answer.body.error.code).toMatch(
      /^(RUN_FILTER_INVALID|RUN_CURSOR_INVALID|VALIDATION_ERROR|OPTION_INVALID)$/,
    );
    expect(JSON.stringify(answer.body)).not.toMatch(/sqlite|syntax error|<command>/i);
  }
  expect((await get({})).body.total).toBe(4);
});
