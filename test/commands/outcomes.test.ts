import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import { addOutcomesOfFile } from '../../src/monitoring/outcomes-file.js';
import { predictionAt, writeLog } from '../monitoring/log-support.js';
import { addVersion, fitModel, openTestStore, placesIn, promote } from '../serving/support.js';
import { riskops, start, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

/** A project with a current model and forty predictions of the last hour. */
async function project() {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'artifacts'), { recursive: true });
  const config = {
    database: 'riskops.db',
    log: { keepDays: 30 },
    models: { credit: { entity: 'customer' } },
  };
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify(config));
  const store = await openTestStore(placesIn(folder));
  await addVersion(store, await fitModel(1));
  await promote(store, 1);
  const at = (i: number) => new Date(Date.now() - 3_600_000 + i * 1000).toISOString();
  const predictions = Array.from({ length: 40 }, (_, i) =>
    predictionAt(at(i), {
      inputs: { income: i / 40, age: 40, region: i % 2 ? '=1+1' : '서울', owner: true, customer: `c${i}` },
      prediction: i / 40,
    }),
  );
  await writeLog(store, predictions);
  return { folder, store, predictions };
}

test('outcomes from a file are told, measured, listed, exported and traced', async () => {
  const { folder, predictions, store } = await project();
  const lines = predictions.map(({ id }, i) => `${id},${i % 3 === 0 || i > 30 ? 'bad' : 'good'}`);
  writeFileSync(join(folder, 'outcomes.csv'), `prediction_id,value\n${lines.slice(0, 39).join('\n')}\n`);
  const add = ['outcomes', 'add', '--file', 'outcomes.csv'];
  expect(await succeed(folder, add)).toMatchObject({ added: 39, unmatched: 0, blank: 0 });
  writeFileSync(join(folder, 'bad.csv'), `prediction_id,value\n${predictions[0].id},ugly\n`);
  const refused = await riskops(folder, ['outcomes', 'add', '--file', 'bad.csv']);
  expect([refused.exitCode, refused.stderr.split('\n')[1]]).toEqual([
    65,
    'Why:   row 1, value: is text "ugly"; the classes are "good", "bad".',
  ]);
  const last = { model: 'credit', entity: 'c39', value: 'bad' };
  await addOutcomes(store, [last], { actor: 'kim' });

  const accuracy = await riskops(folder, ['accuracy', '--by', 'region', '--since', '1d']);
  expect(accuracy.stderr).toBe('');
  expect(accuracy.stdout).toContain('40 predictions (version 1: 40), 40 with an outcome (100.0 %)');
  expect(accuracy.stdout).toContain('20 outcomes: too few');
  const out = join(folder, 'predictions.csv');
  await succeed(folder, ['predictions', 'export', '--with-outcomes', '--out', 'predictions.csv']);
  const [head, first, second, ...others] = readFileSync(out, 'utf8').split('\r\n');
  expect(head).toContain('outcome,observed_at,redacted,input.income');
  expect(first).toMatch(/^[0-9a-f-]{36},.*,0,bad,.*,서울,true,c0$/);
  expect(second).toContain(",'=1+1,true,c1");
  expect(others.length).toBe(39);
  const lost = await riskops(folder, ['predictions', 'export', '--out', 'riskops.db']);
  expect([lost.exitCode, lost.stderr]).toEqual([2, expect.stringContaining('belongs to riskops itself')]);
  const training = ['predictions', 'export', '--format', 'training', '--out'];
  const asCsv = await riskops(folder, [...training, 'rows.csv']);
  expect([asCsv.exitCode, asCsv.stderr]).toEqual([2, expect.stringContaining('--out rows.ndjson')]);
  const nowhere = await riskops(folder, ['predictions', 'export', '--out', 'no/folder/z.csv']);
  expect([nowhere.exitCode, nowhere.stderr]).toEqual([74, expect.stringContaining('There is no folder ')]);
  await succeed(folder, ['predictions', 'export', '--version', '1', '--out', 'ended.ndjson']);
  expect(JSON.parse(readFileSync(join(folder, 'ended.ndjson'), 'utf8').split('\n')[0]).id).toBe(
    predictions[0].id,
  );
  const unknown = await riskops(folder, ['predictions', 'list', '--version', '9']);
  expect([unknown.exitCode, unknown.stderr]).toEqual([4, expect.stringContaining('no version 9')]);
  const lines2 = (await riskops(folder, ['predictions', 'export', '--format', 'ndjson'])).stdout;
  expect(
    lines2
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual(predictions.map(({ id }) => id));

  const trace = await riskops(folder, ['trace', predictions[39].id]);
  expect(trace.stdout).toMatch(/outcome +"bad", seen .*, told of the thing that it is about/);
});

test('outcomes add that is killed leaves whole pieces on record, and the same command again completes them', async () => {
  const { folder, store } = await project();
  const count = 40_000;
  const lines = Array.from({ length: count }, (_, i) => `n${i},${i % 2 ? 'bad' : 'good'}`);
  const path = join(folder, 'told.csv');
  writeFileSync(path, `entity,value\n${lines.join('\n')}\n`);
  const onRecord = async () =>
    Number(
      (
        await store.db
          .selectFrom('outcomes')
          .select(({ fn }) => fn.countAll<number>().as('rows'))
          .executeTakeFirstOrThrow()
      ).rows,
    );
  const child = start(folder, ['outcomes', 'add', '--file', 'told.csv', '--model', 'credit']);
  const closed = once(child, 'close');
  while ((await onRecord()) === 0 && child.exitCode === null) await pause(5);
  child.kill('SIGKILL');
  await closed;
  const kept = await onRecord();
  expect([kept % 5_000, kept > 0, kept < count]).toEqual([0, true, true]);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  const again = await addOutcomesOfFile(store, { path, model: 'credit' }, { actor: 'kim' });
  expect(again).toMatchObject({ received: count, added: count - kept, unchanged: kept, corrected: 0 });
  expect(await onRecord()).toBe(count);
});
