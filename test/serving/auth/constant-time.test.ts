import { expect, test, vi } from 'vitest';
import { openApp, storeWithModel } from '../support.js';
import { bearer, send, tokensOf } from './support.js';

const compared = vi.hoisted((): [number, number][] => []);

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof import('node:crypto')>();
  const timingSafeEqual: typeof crypto.timingSafeEqual = (a, b) => {
    compared.push([a.byteLength, b.byteLength]);
    return crypto.timingSafeEqual(a, b);
  };
  return { ...crypto, timingSafeEqual };
});

test('whatever token comes, known or not, two whole hashes are compared in constant time, once (RB-77)', async () => {
  const store = await storeWithModel();
  const tokens = await tokensOf(store);
  const { app } = await openApp(store.places);
  const other = tokens.viewer.endsWith('A') ? 'B' : 'A';
  const strangers = {
    'of a known id': tokens.viewer.slice(0, -1) + other,
    'of no known id': `rko_${'0'.repeat(16)}_${'A'.repeat(43)}`,
    'of no form': 'x',
  };
  expect((await send(app, '/model', { headers: bearer(tokens.viewer) })).status).toBe(200);
  expect(compared).toEqual([[32, 32]]);
  for (const [kind, token] of Object.entries(strangers)) {
    compared.length = 0;
    expect({ kind, status: (await send(app, '/model', { headers: bearer(token) })).status }).toEqual({
      ...{ kind, status: 401 },
    });
    expect({ kind, compared }).toEqual({ kind, compared: [[32, 32]] });
  }
});
