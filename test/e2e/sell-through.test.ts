import { expect, onTestFinished, test, vi } from 'vitest';
import { ask, askOk } from '../../src/checks/http.js';
import { receiver } from '../monitoring/alerts/alerts-support.js';
import { mailServer } from '../support/mail-server.js';
import { temporaryFolder } from '../support/temporary.js';
import { Market, makeMarketProject, type Sale } from './market.js';
import { type Sandbox, startServing, succeed } from './sandbox.js';

interface Answered {
  version: number;
  predictions: { prediction_id: string; prediction: number }[];
}

interface Accuracy {
  overall: { predictions: number; with_outcome: number; metrics: { name: string; value: number }[] };
}

/** A server as a shop asks it. */
class Shop {
  constructor(private readonly url: string) {}

  async #post<T>(path: string, body: unknown): Promise<T> {
    return (await askOk(`${this.url}${path}`, { body, timeoutMs: 30_000 })).body as T;
  }

  predict(sales: readonly Sale[]): Promise<Answered> {
    return this.#post('/predict', { inputs: sales.map(({ offer }) => offer) });
  }

  refused(offer: unknown) {
    return ask(`${this.url}/predict`, { body: { inputs: offer } });
  }

  tell(outcomes: unknown[]): Promise<{ added: number; unmatched: number }> {
    return this.#post('/outcomes', { outcomes });
  }

  /** Asks for each sale, and tells later what was sold, by the product. */
  async trade(sales: readonly Sale[]): Promise<Answered> {
    const answered = await this.predict(sales);
    const told = await this.tell(
      sales.map(({ offer, sold }) => ({ model: 'sell', entity: offer.product_id, value: sold })),
    );
    expect(told).toMatchObject({ added: sales.length, unmatched: 0 });
    return answered;
  }

  /** What accuracy says when it has seen so many predictions: the log runs behind by a tenth of a second. */
  async accuracy(version: number, predictions: number) {
    return until(async () => {
      const { body } = await askOk(`${this.url}/accuracy?version=${version}&since=1d`);
      const { overall } = body as unknown as Accuracy;
      expect(overall.predictions).toBe(predictions);
      const rmse = overall.metrics.find(({ name }) => name === 'rmse')?.value;
      return { with_outcome: overall.with_outcome, rmse };
    });
  }

  async drift() {
    return (await askOk(`${this.url}/drift`)).body as { version: number; verdict: string; sentence: string };
  }
}

/** Tries until nothing is thrown; what stood in the way is the error at the end. */
const until = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { interval: 50, timeout: 100_000 });

async function served(sandbox: Sandbox) {
  const server = await startServing(sandbox);
  let ended: ReturnType<typeof server.stop> | undefined;
  const stop = () => (ended ??= server.stop());
  onTestFinished(async () => void (await stop()));
  return { ...server, stop };
}

test('sell-through: predict, outcomes, accuracy, a drift alert by webhook and mail, trained again, promoted and swapped in one server', async () => {
  const [hook, mail] = [await receiver(), await mailServer()];
  const eventsSent = () => hook.messages().map(({ event }) => event);
  const market = new Market();
  const sandbox = makeMarketProject(temporaryFolder(), {
    ...{ stores: market.stores, past: market.sales(600, 'calm') },
    ...{ hook: hook.url, mailPort: mail.port },
  });
  await succeed(sandbox, ['train', '--promote']);
  const server = await served(sandbox);
  const shop = new Shop(server.url);

  // A row that makes no sense is refused with the rule and its values, and is no prediction.
  const calm = market.sales(200, 'calm');
  const [{ offer, store }] = calm;
  const refused = await shop.refused({ ...offer, discount_price: offer.original_price + 500 });
  expect(refused.status).toBe(422);
  expect(refused.body['error']).toMatchObject({
    code: 'VALIDATION_ERROR',
    message: expect.stringContaining('A discount must be below the price.'),
    details: { problems: [{ row: 0, rule: 'discount_price < original_price' }] },
  });

  // Outcomes by the id of the prediction and by the product: the row of accuracy fills.
  const early = await shop.predict(calm);
  expect(early.version).toBe(1);
  expect(await shop.accuracy(1, 200)).toEqual({ with_outcome: 0, rmse: undefined });
  const byId = early.predictions
    .slice(0, 100)
    .map(({ prediction_id }, i) => ({ prediction_id, value: calm[i].sold }));
  expect(await shop.tell(byId)).toMatchObject({ added: 100, unmatched: 0 });
  expect(await shop.accuracy(1, 200)).toMatchObject({ with_outcome: 100 });
  const byProduct = calm
    .slice(100)
    .map((sale) => ({ model: 'sell', entity: sale.offer.product_id, value: sale.sold }));
  expect(await shop.tell(byProduct)).toMatchObject({ added: 100, unmatched: 0 });
  const { with_outcome, rmse = Number.NaN } = await shop.accuracy(1, 200);
  expect(with_outcome).toBe(200);
  const own = Math.sqrt(
    early.predictions.reduce((sum, { prediction }, i) => sum + (prediction - calm[i].sold) ** 2, 0) / 200,
  );
  expect(rmse).toBeCloseTo(own, 12);
  expect(rmse).toBeLessThan(0.08);
  expect(await shop.drift()).toMatchObject({ version: 1, verdict: 'no drift' });
  expect([eventsSent(), mail.mails]).toEqual([[], []]);

  // The market turns: the answers get bad, and whoever is to know is told twice.
  const glut = [1, 2, 3].map(() => market.sales(1_000, 'glut'));
  for (const sales of glut) await shop.trade(sales);
  const bad = await shop.accuracy(1, 3_200);
  expect(bad.with_outcome).toBe(3_200);
  expect(bad.rmse).toBeGreaterThan(0.3);
  await until(() => expect([eventsSent(), mail.mails.length]).toEqual([['firing'], 1]));
  const [fired] = hook.messages();
  expect(fired).toMatchObject({ channel: 'ops', rule: 'sell drift', model: 'sell', kind: 'drift' });
  expect(fired.summary).toContain('"discount_price"');
  expect(mail.mails[0]).toMatchObject({ from: 'riskops@example.com', to: ['ops@example.com'] });
  expect(mail.mails[0].raw).toContain('Subject: [riskops] FIRING warning: sell drift (sell)');

  // What was asked and sold is data now; the model that learned it too is proven better on the latest rows.
  const out = ['--out', 'rows/2-live.ndjson'];
  const exported = await succeed(sandbox, ['predictions', 'export', '--format', 'training', ...out]);
  expect(exported).toMatchObject({ rows: 3_200, without_outcome: 0 });
  const trained = await succeed<{ gate: { verdict: string; current: unknown } }>(sandbox, ['train']);
  expect(trained.gate).toMatchObject({ verdict: 'promote', current: { version: 1 } });
  expect((await shop.predict([calm[0]])).version).toBe(1);
  await succeed(sandbox, ['promote', '--latest']);

  // The same process answers with the new version from the next request on.
  const later = market.sales(1_000, 'glut');
  const swapped = await shop.trade(later);
  expect(swapped.version).toBe(2);
  const better = await shop.accuracy(2, 1_000);
  expect(better.with_outcome).toBe(1_000);
  expect(better.rmse).toBeLessThan(0.08);
  expect(await shop.drift()).toMatchObject({ version: 2, verdict: 'no drift' });
  await until(() => expect([eventsSent(), mail.mails.length]).toEqual([['firing', 'resolved'], 2]));
  expect(process.kill(server.pid, 0)).toBe(true);

  // An early answer is still that of the old version, with what was looked up then and what came of it.
  const [{ prediction_id, prediction }] = early.predictions;
  const trace = await succeed(sandbox, ['trace', prediction_id, '--replay']);
  expect(trace).toMatchObject({
    prediction: {
      ...{ version: 1, prediction },
      inputs: { ...offer, store_region: store.region, store_avg_rating: store.rating },
    },
    version: { version: 1 },
    outcome: { value: calm[0].sold },
  });
  expect((await server.stop()).stderr).not.toMatch(/could not|not delivered|Error/);
}, 300_000);
