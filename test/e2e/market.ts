import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandboxEnvironment } from '../../src/config.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { seededRandom } from '../../src/util/random.js';
import type { Sandbox } from './sandbox.js';

/** What a caller sends when a product is put up for sale: the store's features are looked up. */
export interface Offer {
  product_id: string;
  registered_at: string;
  store_id: string;
  product_category: string;
  original_price: number;
  discount_price: number;
  product_quantity: number;
  deadline_hours: number;
}

interface StoreFacts {
  id: string;
  region: string;
  rating: number;
  reviews: number;
}

/** An offer with the share of it that was sold by the deadline, 0 to 1. */
export interface Sale {
  offer: Offer;
  store: StoreFacts;
  sold: number;
}

const APPETITE = { 빵: 0.1, 떡: 0, 음료: -0.1, 도시락: 0.05, 과일: -0.05 };
const CATEGORIES = Object.keys(APPETITE) as (keyof typeof APPETITE)[];
const TWENTY_MINUTES = 20 * 60_000;

/** Twelve stores and their sales, one after the other, all from a seed. */
export class Market {
  readonly #random = seededRandom(11);
  readonly stores: StoreFacts[] = Array.from({ length: 12 }, (_, i) => ({
    id: `S${String(i + 1).padStart(2, '0')}`,
    region: ['서울', '부산', '제주'][i % 3],
    rating: Number((3 + 2 * this.#random()).toFixed(1)),
    reviews: this.#whole(20, 800),
  }));
  readonly #pull = this.stores.map(() => 0.3 * this.#random());
  #made = 0;

  #whole(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from));
  }

  /** The next sales. With a glut the discounts are deeper, and sell less than such discounts did before. */
  sales(count: number, market: 'calm' | 'glut'): Sale[] {
    return Array.from({ length: count }, () => this.#sale(market === 'glut'));
  }

  #sale(isGlut: boolean): Sale {
    const at = this.#whole(0, this.stores.length);
    const store = this.stores[at];
    const category = CATEGORIES[this.#whole(0, CATEGORIES.length)];
    const price = 100 * this.#whole(20, 170);
    const discount = (isGlut ? 0.35 : 0.2) + 0.45 * this.#random();
    const [quantity, hours] = [this.#whole(1, 21), this.#whole(1, 13)];
    const pull = this.#pull[at] + 0.1 * (store.rating - 4) + APPETITE[category];
    const drive = isGlut ? 0.35 * discount : 0.2 + 0.8 * discount;
    const noise = 0.1 * (this.#random() - 0.5);
    const sold = drive + pull + noise - 0.008 * quantity - 0.005 * (12 - hours);
    const number = this.#made++;
    return {
      offer: {
        product_id: `P${String(number).padStart(5, '0')}`,
        registered_at: new Date(Date.UTC(2026, 0, 5) + number * TWENTY_MINUTES).toISOString(),
        store_id: store.id,
        product_category: category,
        original_price: price,
        discount_price: 10 * Math.round((price * (1 - discount)) / 10),
        product_quantity: quantity,
        deadline_hours: hours,
      },
      store,
      sold: Number(Math.min(1, Math.max(0, sold)).toFixed(4)),
    };
  }
}

function writeHistory(folder: string, sales: readonly Sale[]): void {
  const rows = sales.map(({ offer, store, sold }) => ({
    ...offer,
    store_region: store.region,
    store_avg_rating: store.rating,
    store_total_reviews: store.reviews,
    sell_through_rate: sold,
  }));
  mkdirSync(join(folder, 'rows'), { recursive: true });
  const lines = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row))].map((cells) =>
    cells.join(','),
  );
  writeFileSync(join(folder, 'rows', '1-history.csv'), `${lines.join('\n')}\n`);
}

function writeStores(folder: string, stores: readonly StoreFacts[]): void {
  const database = openConnection(join(folder, 'stores.db'));
  database.exec('CREATE TABLE stores (id TEXT PRIMARY KEY, region TEXT, rating REAL, reviews INTEGER)');
  const insert = database.prepare('INSERT INTO stores VALUES (?, ?, ?, ?)');
  for (const { id, region, rating, reviews } of stores) insert.run(id, region, rating, reviews);
  database.close();
}

/** A project that learns from past sales, looks stores up, and tells of drift by webhook and by mail. */
export function makeMarketProject(
  folder: string,
  { stores, past, hook, mailPort }: { stores: StoreFacts[]; past: Sale[]; hook: string; mailPort: number },
): Sandbox {
  writeHistory(folder, past);
  writeStores(folder, stores);
  const mean = (by: string) => ({ kind: 'expanding-mean', by, prior: 10 });
  const sell = {
    ...{ data: 'rows', target: 'sell_through_rate', entity: 'product_id' },
    ...{ time: 'registered_at', split: 'time:registered_at:0.2', learner: 'ridge' },
    recipe: [
      mean('store_id'),
      mean('product_category'),
      { kind: 'ratio', of: 'discount_price', by: 'original_price' },
      { kind: 'drop', columns: ['store_id'] },
    ],
    checks: [
      { rule: 'discount_price < original_price', message: 'A discount must be below the price.' },
      'product_quantity >= 1 and deadline_hours > 0',
    ],
    lookups: [
      {
        // Far above what it takes: a busy machine is no fault here.
        ...{ key: 'store_id', source: 'sqlite:stores.db', timeoutMs: 5_000 },
        query: 'SELECT region, rating, reviews FROM stores WHERE id = ?',
        features: {
          region: 'store_region',
          rating: 'store_avg_rating',
          reviews: 'store_total_reviews',
        },
      },
    ],
  };
  const alerts = {
    everySeconds: 1,
    channels: {
      ops: { kind: 'webhook', url: hook, allowPrivate: true },
      mail: {
        ...{ kind: 'email', host: '127.0.0.1', port: mailPort, secure: 'none' },
        ...{ from: 'riskops@example.com', to: 'ops@example.com' },
      },
    },
    rules: [{ name: 'sell drift', kind: 'drift', since: '7d' }],
  };
  const config = { model: 'sell', models: { sell }, alerts };
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify(config, null, 2));
  return { folder, environment: sandboxEnvironment() };
}
