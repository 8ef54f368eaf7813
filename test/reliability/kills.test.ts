import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { buildChild } from '../support/child-entry.js';
import { type Kind, killRounds } from './support/kill-rounds.js';

vi.setConfig({ testTimeout: 240_000 });
let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

/** Other moments each time; a failure names the seed. `scripts/prove-kills.mjs` does hundreds of rounds, of migrations and backups too. */
const seed = Date.now() % 1e6;

describe.each<[Kind, number, string]>([
  ['log', 8, 'every point, parameter and tag that was acknowledged is there'],
  [
    'promote',
    6,
    'every acknowledged promotion is on record, and current.json is valid: the last or the one before',
  ],
  ['save', 6, 'every acknowledged version is on record, and each model file on record is whole'],
])('kill -9 at random moments: %s', (kind, rounds, holds) => {
  test(holds, async () => {
    const figures = await killRounds(kind, { rounds, seed, child }).catch((error) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
    expect(figures.rounds).toBe(rounds);
    expect(figures.killed).toBeGreaterThan(0);
  });
});
