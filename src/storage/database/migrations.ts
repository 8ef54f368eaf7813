import { loop } from './migrations/1-loop.js';
import { record } from './migrations/2-record.js';
import { watch } from './migrations/3-watch.js';
import type { Migration } from './migrations/migration.js';

export type { Migration } from './migrations/migration.js';

/** Every step, in order. A new one is a file and a line here. */
export const migrations: readonly Migration[] = [loop, record, watch];

/** The version that this riskops reads and writes. */
export function latestVersion(list: readonly Migration[] = migrations): number {
  return list.at(-1)?.version ?? 0;
}
