import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createHandler, type ProjectHandlerOptions } from '../../src/commands/serve-handler.js';
import { openProject } from '../../src/config.js';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { receiver, webhook } from '../monitoring/alerts/alerts-support.js';
import { addVersion, fitModel, goodRow, openTestStore, promote } from '../serving/support.js';
import { temporaryFolder } from '../support/temporary.js';

/** A project whose model is current, with this config. */
async function projectWith(config: Record<string, unknown>) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify(config));
  const project = await openProject({ dir: folder, environment: {} });
  const store = await openTestStore(project.places);
  await addVersion(store, await fitModel(1));
  await promote(store, 1);
  return { folder, project, store };
}

interface Answer {
  prediction_id: string;
  prediction: number;
  error: { details: { problems: { message: string }[] } };
}

/** The handler of a project in a server of somebody else, and how to ask it. */
async function mounted(options: ProjectHandlerOptions) {
  const handler = await createHandler(options);
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await handler.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (inputs: unknown, path = '/predict') => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify({ inputs }) });
    return { status: answer.status, body: (await answer.json()) as Answer };
  };
  return { handler, ask };
}

const LOOKUP = { key: 'store_id', source: 'sqlite:shops.db', query: 'SELECT region FROM shops WHERE id = ?' };

test('the checks, the lookups and the redaction of the config are those of riskops serve', async () => {
  const { folder, project, store } = await projectWith({
    models: {
      credit: {
        checks: [{ rule: 'age >= 21', message: 'Too young.' }],
        lookups: [{ ...LOOKUP, features: { region: 'region' } }],
      },
    },
    log: { redact: ['income'] },
  });
  const shops = openConnection(join(folder, 'shops.db'));
  shops.exec("CREATE TABLE shops (id TEXT, region TEXT); INSERT INTO shops VALUES ('s1', '부산')");
  shops.close();
  const { ask } = await mounted({ project, log: { mode: 'sync' } });
  const { region: _, ...row } = goodRow;
  const looked = await ask({ ...row, store_id: 's1' });
  expect(looked.status).toBe(200);
  const same = await ask({ ...row, region: '부산' });
  expect(looked.body.prediction).toBe(same.body.prediction);
  const [logged] = await readPredictions(store, { id: looked.body.prediction_id });
  expect(logged.inputs).toMatchObject({ region: '부산' });
  expect(JSON.stringify(logged)).not.toContain('"income":0.5');
  const young = await ask({ ...row, region: '부산', age: 20 }, '/models/credit/predict');
  expect([young.status, young.body.error.details.problems[0].message]).toEqual([422, 'Too young.']);
});

test('the alerts of the config are looked at while it is open, by what it answers itself', async () => {
  const { url, messages } = await receiver();
  const { project } = await projectWith({
    alerts: {
      everySeconds: 1,
      channels: { ops: webhook(url) },
      rules: [{ name: 'slow', kind: 'latency', above: 0.001, since: '1s', least: 1 }],
    },
  });
  const told: string[] = [];
  const { handler, ask } = await mounted({ project, name: 'shop', onNews: (line) => told.push(line) });
  await expect
    .poll(
      async () => {
        await ask(goodRow);
        return messages();
      },
      { timeout: 15_000, interval: 100 },
    )
    .toHaveLength(1);
  expect(messages()[0]).toMatchObject({ rule: 'slow', event: 'firing', subject: 'shop' });
  await expect.poll(() => told.join('\n'), { timeout: 5_000 }).toContain('Alert slow (warning) firing');
  expect(await handler.metrics()).toMatch(/^riskops_http_requests_total\{.*route="\/predict"/m);
}, 30_000);

test('a fault in the config is an error before anything is answered', async () => {
  const faults: [string, Record<string, unknown>][] = [
    ['CONFIG_INVALID', { alerts: { channels: {}, rules: [{ name: 'a', kind: 'drift', sinse: '7d' }] } }],
    ['CHECKS_INVALID', { models: { credit: { checks: ['agee > 3'] } } }],
    ['OPTION_INVALID', { serve: { canary: '2' } }],
  ];
  for (const [code, config] of faults) {
    const { project } = await projectWith(config);
    await expect(createHandler({ project })).rejects.toMatchObject({ code });
  }
});
