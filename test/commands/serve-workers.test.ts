import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { goodRow, startTestServer, storeWithModel } from '../serving/support.js';
import { refuse, whileServing } from '../support/riskops.js';

/** A project whose model is current. */
async function project() {
  const store = await storeWithModel();
  const folder = dirname(store.places.database);
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify({ database: 'riskops.db' }));
  return { store, folder };
}

async function predict(url: string): Promise<number> {
  const { status } = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ inputs: goodRow }),
  });
  return status;
}

const predictedRows = async (url: string) =>
  Number(
    /^riskops_predictions_total\{model="credit"\} (\d+)/m.exec(
      await (await fetch(`${url}/metrics`)).text(),
    )?.[1],
  );

/** The workers, which are the server's only children. */
const childrenOf = (pid: number) =>
  spawnSync('pgrep', ['-P', String(pid), '-f', 'serve'], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .filter(Boolean)
    .map(Number);

test.skipIf(process.platform === 'win32')(
  'workers share a port, their figures are told as one, and one that is killed is replaced while the others answer',
  async () => {
    const { store, folder } = await project();
    await whileServing(folder, ['--port', '0', '--workers', '2'], async (url, pid) => {
      const ready = await (await fetch(`${url}/ready`)).json();
      expect(ready).toMatchObject({ ready: true, version: 1 });
      for (let i = 0; i < 10; i++) expect(await predict(url)).toBe(200);
      expect(await predictedRows(url)).toBe(10);
      const workers = childrenOf(pid);
      expect(workers).toHaveLength(2);
      process.kill(workers[0], 'SIGKILL');
      // A connection that is handed to a process in the very moment it dies is lost with it.
      await sleep(300);
      for (let i = 0; i < 10; i++) expect(await predict(url)).toBe(200);
      for (let i = 0; i < 100 && childrenOf(pid).length < 2; i++) await sleep(100);
      expect(childrenOf(pid)).not.toContain(workers[0]);
      expect(childrenOf(pid)).toHaveLength(2);
    });
    // What the killed one had answered and not yet written may be missing, and nothing else.
    expect((await readPredictions(store, {})).length).toBeGreaterThanOrEqual(10);
  },
);

test('where the port is taken, workers say so once, and the command ends with the same code as without them', async () => {
  const { store, folder } = await project();
  const { port } = await startTestServer(store.places);
  const error = await refuse(folder, ['serve', '--workers', '2', '--port', String(port)], 'PORT_IN_USE');
  expect(error.message).toContain(String(port));
});
