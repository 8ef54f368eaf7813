import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';

export { planFor } from './plan.js';

/** A store in `folder`, closed when the test ends. */
export async function openStoreIn(folder: string): Promise<Store> {
  const store = await openStore(
    {
      database: join(folder, 'data', 'riskops.db'),
      artifacts: join(folder, 'artifacts'),
      currentModel: join(folder, 'artifacts', 'models', 'current.json'),
    },
    { mode: 'write' },
  );
  onTestFinished(() => store.close());
  return store;
}
