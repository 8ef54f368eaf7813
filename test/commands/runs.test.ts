import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../src/tracking/run-records.js';
import { BINARY, cleanEnvironment, refuse, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

const show = (folder: string, run: string) => succeed<RunDetail>(folder, ['runs', 'show', run]);

/** Runs a shell script as a user writes it, with `riskops` on its path. */
function script(folder: string, text: string) {
  const lines = `riskops() { "${process.execPath}" "${BINARY}" "$@"; }\n${text}`;
  const child = spawn('sh', ['-c', lines], {
    cwd: folder,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => (stdout += part));
    child.stderr.on('data', (part) => (stderr += part));
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

test.skipIf(process.platform === 'win32')('a shell script records its run from start to end', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'report.txt'), 'well\n');
  const { code, stdout, stderr } = await script(
    folder,
    `set -e
    RUN=$(riskops runs start --kind train --name nightly --group week-12 --note "from a script" --param lr=0.1 path=a=b --tag who=me --pid $$)
    for i in 1 2 3; do echo "{\\"metrics\\":{\\"loss\\":0.$i,\\"auc\\":NaN},\\"step\\":$i}"; done | riskops runs log "$RUN" --from - >&2
    riskops runs log "$RUN" --metric loss=-1e-3 f1=inf --param depth=4 --artifact report.txt plots/a.txt=report.txt >&2
    riskops runs end "$RUN" >&2
    echo "$RUN"`,
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/^[0-9a-f]{32}\n$/);
  expect(await show(folder, stdout.trim())).toMatchObject({
    status: 'FINISHED',
    kind: 'train',
    name: 'nightly',
    group: 'week-12',
    note: 'from a script',
    params: { depth: '4', lr: '0.1', path: 'a=b' },
    tags: { who: 'me' },
    metrics: { auc: 'NaN', f1: 'Infinity', loss: -0.001 },
    artifacts: [{ path: 'plots/a.txt', bytes: 5 }, { path: 'report.txt' }],
  });
});

test.skipIf(process.platform === 'win32')(
  'a script that is gone leaves its run LOST; a trap ends it with its exit code',
  async () => {
    const folder = temporaryFolder();
    const lost = await script(folder, 'riskops runs start --pid $$');
    expect(await show(folder, lost.stdout.trim())).toMatchObject({ status: 'LOST' });
    const trapped = await script(
      folder,
      `RUN=$(riskops runs start)
    echo "$RUN"
    trap 'riskops runs end "$RUN" --exit-code $? >&2' EXIT
    exit 3`,
    );
    expect(trapped.code).toBe(3);
    const ended = { status: 'FAILED', exit_code: 3, error: 'exit code 3' };
    expect(await show(folder, trapped.stdout.trim())).toMatchObject(ended);
  },
);

test('a run that ended takes no more, until it is resumed; to end it twice is no error, in another way it is', async () => {
  const folder = temporaryFolder();
  const { run_id } = await succeed<RunDetail>(folder, ['runs', 'start', '--kind', 'train']);
  await succeed(folder, ['runs', 'log', run_id, '--metric', 'loss=1', '--step', '41']);
  expect(await succeed(folder, ['runs', 'end', run_id, '--exit-code', '143'])).toMatchObject({
    status: 'KILLED',
    changed: true,
  });
  expect(await show(folder, run_id)).toMatchObject({ error: 'stopped by SIGTERM', exit_code: 143 });
  expect(await succeed(folder, ['runs', 'end', run_id, '--status', 'killed'])).toMatchObject({
    changed: false,
  });
  await refuse(folder, ['runs', 'end', run_id], 'RUN_ENDED');
  const refused = await refuse(folder, ['runs', 'log', run_id, '--metric', 'loss=2'], 'RUN_ENDED');
  expect(refused.hint).toBe(`riskops runs start --resume ${run_id.slice(0, 8)}`);
  const resumed = await riskops(folder, ['runs', 'start', '--resume', run_id.slice(0, 8)]);
  expect(resumed.stdout).toBe(`${run_id}\n`);
  await succeed(folder, ['runs', 'log', run_id, '--metric', 'loss=2']);
  expect(await show(folder, run_id)).toMatchObject({
    status: 'RUNNING',
    exit_code: null,
    metrics: { loss: 2 },
  });
  const child = await succeed<RunDetail>(folder, ['runs', 'start', '--parent', run_id]);
  expect(await show(folder, run_id)).toMatchObject({ children: 1, child_run_ids: [child.run_id] });
});

test('numbers are read one way or not at all, and come back as they went in', async () => {
  const folder = temporaryFolder();
  const { run_id } = await succeed<RunDetail>(folder, ['runs', 'start']);
  const given = ['a=NaN', 'b=-inf', 'c=1e309', 'd=-0', 'e=5e-324', 'f=+.5E1', 'g=-Infinity', 'h=0.1'];
  await succeed(folder, ['runs', 'log', run_id, '--metric', ...given]);
  const { stdout } = await riskops(folder, ['runs', 'show', run_id, '--json']);
  const metrics = stdout.slice(stdout.indexOf('"metrics"'), stdout.indexOf('"tags"')).replace(/\s+/g, '');
  expect(metrics).toBe(
    '"metrics":{"a":"NaN","b":"-Infinity","c":"Infinity","d":-0,"e":5e-324,"f":5,"g":"-Infinity","h":0.1},',
  );
  for (const bad of ['1,5', '0x10', '', 'null'])
    expect(
      await refuse(folder, ['runs', 'log', run_id, '--metric', `auc=${bad}`], 'RUN_VALUE_INVALID'),
    ).toMatchObject({
      message: expect.stringContaining(`"${bad}" is no number`),
    });
});

test('mistakes are told before anything is written', async () => {
  const folder = temporaryFolder();
  expect(
    (await refuse(folder, ['runs', 'log', 'abc', '--metric', 'a=1'], 'STORE_NOT_FOUND')).message,
  ).toMatch(/no run/);
  const { run_id } = await succeed<RunDetail>(folder, ['runs', 'start']);
  const log = (...words: string[]) => ['runs', 'log', run_id, ...words];
  // The second writer moves the log of the first into the file, which then stays as it is.
  await succeed(folder, log('--note', 'whole'));
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'a.txt'), 'a');
  symlinkSync(join(folder, 'a.txt'), join(folder, 'link'));
  await refuse(folder, log(), 'USAGE');
  await refuse(folder, log('--metric', 'loss'), 'OPTION_INVALID');
  await refuse(folder, log('--param', 'a=1', '--param', 'a=2'), 'OPTION_INVALID');
  await refuse(folder, log('--artifact', 'a.txt', 'folder/a.txt'), 'OPTION_INVALID');
  await refuse(folder, log('--metric', 'a=1', '--artifact', 'none.txt'), 'ARTIFACT_NOT_FOUND');
  await refuse(folder, log('--metric', 'a=1', '--artifact', 'link'), 'ARTIFACT_REFUSED');
  await refuse(folder, log('--artifact', '../up.txt=a.txt'), 'ARTIFACT_KEY_INVALID');
  await refuse(folder, log('--from', 'none.jsonl'), 'DATA_FILE_NOT_FOUND');
  await refuse(folder, ['runs', 'log', 'ffff', '--metric', 'a=1'], 'RUN_NOT_FOUND');
  await refuse(folder, ['runs', 'start', '--parent', 'ffff'], 'RUN_NOT_FOUND');
  await refuse(folder, ['runs', 'start', '--pid', String(2 ** 22 + 1)], 'OPTION_INVALID');
  await refuse(folder, ['runs', 'end', run_id, '--status', 'done'], 'OPTION_INVALID');
  writeFileSync(
    join(folder, 'points.jsonl'),
    '{"key":"loss","value":1}\n\n{"key":"loss","value":"1,5"}\n{"key":"loss","value":3}\n',
  );
  const { exitCode, stderr } = await riskops(folder, log('--from', 'points.jsonl'));
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/^Error: line 3: .*"1,5"/),
  });
  expect(await show(folder, run_id)).toMatchObject({ metrics: { loss: 1 }, params: {}, artifacts: [] });
});

test('a parameter over 64 KiB is kept whole', async () => {
  const folder = temporaryFolder();
  const { run_id } = await succeed<RunDetail>(folder, ['runs', 'start']);
  await succeed(folder, ['runs', 'log', run_id, '--param', `prompt=${'x'.repeat(70_000)}`]);
  const { params, artifacts } = await show(folder, run_id);
  expect(params['prompt']).toMatch(/^artifact:params\/prompt\.txt \(70000 bytes/);
  expect(artifacts).toMatchObject([{ path: 'params/prompt.txt', bytes: 70_000 }]);
});

test('twenty writers at once: all end 0, and every run is there', async () => {
  const folder = temporaryFolder();
  await succeed(folder, ['runs', 'start', '--name', 'first']);
  const started = await Promise.all(
    Array.from({ length: 20 }, (_, i) => riskops(folder, ['runs', 'start', '--name', `writer ${i}`])),
  );
  expect(started.map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0));
  const { total } = await succeed<{ total: number }>(folder, ['runs', 'list', '--limit', '5']);
  expect(total).toBe(21);
});
