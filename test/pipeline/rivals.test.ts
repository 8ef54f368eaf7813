import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { judgeVersion } from '../../src/pipeline/judge.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { trainModel } from '../../src/pipeline/train.js';
import { verifyChain } from '../../src/registry/audit.js';
import { getModel } from '../../src/registry/models.js';
import { getVersion } from '../../src/registry/versions.js';
import type { Store } from '../../src/storage/store.js';
import { bundleScript } from '../registry/support/bundle.js';
import type { RivalTask } from '../registry/support/rival.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

const script = await bundleScript('rival');

/** A current model that knows nothing, a candidate 2 that knows a little and a candidate 3 that knows more. */
async function threeModels(): Promise<{ folder: string; store: Store }> {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const train = (learner: string, hyper = {}) =>
    trainModel(store, planFor(folder, { learner, hyper }), { root: folder });
  await train('dummy');
  const judged = await judgeVersion(store, await getVersion(store, 'loans', 1), { root: folder });
  await promoteCandidate(store, { judged, actor: 'test', reason: 'a first model to look at' });
  await train('gradient-boosting', { trees: 1 });
  await train('logistic');
  return { folder, store };
}

/** A process that judges a version, and promotes it when it is told to. */
class Rival {
  readonly lines: string[] = [];
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor(store: Store, root: string, version: number) {
    const task: RivalTask = { places: store.places, root, model: 'loans', version };
    this.#child = spawn(process.execPath, [script, JSON.stringify(task)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.lines.push(...text.trim().split('\n'));
    });
    this.ended = once(this.#child, 'close');
  }

  async judged(): Promise<void> {
    while (this.lines.length === 0 && this.#child.exitCode === null)
      await new Promise((go) => setTimeout(go, 5));
  }

  async promote(): Promise<void> {
    this.#child.stdin?.end('go\n');
    await this.ended;
  }
}

test.each([
  ['the worse one first', 2, 3],
  ['the better one first', 3, 2],
])(
  'two processes judge against the same current model and promote, %s: the better one is current in the end',
  async (_, first, second) => {
    const { folder, store } = await threeModels();
    const rivals = new Map([first, second].map((version) => [version, new Rival(store, folder, version)]));
    for (const rival of rivals.values()) await rival.judged();
    for (const rival of rivals.values()) expect(rival.lines).toEqual(['promote against 1']);
    for (const version of [first, second]) await rivals.get(version)?.promote();
    expect(rivals.get(first)?.lines).toEqual(['promote against 1', 'promoted']);
    expect(rivals.get(second)?.lines.slice(0, 2)).toEqual(['promote against 1', 'CURRENT_CHANGED']);
    expect(rivals.get(second)?.lines[2]).toBe(second === 3 ? 'promote against 2' : 'reject against 3');
    expect((await getModel(store, 'loans')).current?.version).toBe(3);
    expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
  },
);
