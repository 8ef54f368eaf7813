import { writeSync } from 'node:fs';
import { collectGarbage } from '../../../src/registry/garbage.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { StorePlaces } from '../../../src/storage/store.js';
import { addArtifact } from '../../../src/tracking/artifacts.js';
import { readArtifact } from '../../../src/tracking/read-artifact.js';

/** What the process is told, as JSON in its first argument. */
export interface GarbageTask {
  places: StorePlaces;
  /** Collects once; collects until its input ends; or keeps two files of this run, again and again, with one of a few contents. */
  task: 'collect' | 'keep-collecting' | { run: string; times: number };
}

const { places, task } = JSON.parse(process.argv[2]) as GarbageTask;
const store = await openStore(places, { mode: 'write' });
const say = (word: string) => writeSync(1, `${word}\n`);
say('ready');

if (task === 'collect') {
  const { runs } = await collectGarbage(store, { olderThanMs: 0, onProgress: say });
  for (const { run_id } of runs) say(run_id);
} else if (task === 'keep-collecting') {
  let isOver = false;
  process.stdin.resume().once('end', () => {
    isOver = true;
  });
  let files = 0;
  while (!isOver) {
    const { leftovers } = await collectGarbage(store, { olderThanMs: 0 });
    files += leftovers.reduce((sum, group) => sum + group.files, 0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  say(String(files));
} else {
  for (let i = 0; i < task.times; i++) {
    const content = `content ${Math.floor(Math.random() * 25)}`;
    await addArtifact(store, task.run, `file-${i % 2}`, content, 'data');
    // Acknowledged: it is there from now on until this process itself replaces it.
    for (const path of ['file-0', 'file-1'].slice(0, i + 1)) {
      const { why } = await readArtifact(store, task.run, path);
      if (why !== null) throw new Error(`${path} after ${i}: ${why}`);
    }
  }
}
await store.close();
