import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { BINARY } from '../support/riskops.js';
import { baseProject, expectServes } from './support/base.js';
import { changes, commands, expectClear, expectHonest, readRecord, runUnder } from './support/fault.js';
import { smallDisk, whyNoDisk } from './support/tmpfs.js';

vi.setConfig({ testTimeout: 240_000 });
const copy = baseProject();
const READING = [['runs', 'list'], ['models', 'show', 'loans'], ['history'], ['doctor']];

test.skipIf(process.platform === 'win32').each(commands)(
  'no file may grow beyond a limit (ulimit -f): %s is done or refused, and nothing is damaged',
  async (_, change) => {
    const ends: string[] = [];
    for (const blocks of [4, 64, 4096]) {
      const limited = ['bash', '-c', `ulimit -f ${blocks}; exec "$@"`, 'bash'];
      ends.push((await expectHonest(copy(), change, limited)).end);
    }
    expect([ends[0], ends.at(-1)]).toEqual(['refused', 'done']);
  },
);

const FEW_FILES = ['bash', '-c', 'ulimit -n 64; exec "$@"', 'bash'];

test.skipIf(process.platform !== 'linux')(
  'with 64 open files (ulimit -n) what judges, promotes and reads works, and training works or says which limit it met',
  async () => {
    const folder = copy();
    writeFileSync(join(folder, 'rows.csv'), 'income,debt,age,지역\n31.4,27.2,41,제주\n');
    const predicting = ['predict', '--file', 'rows.csv', '--out', 'answers.csv'];
    const words = [['runs', 'list'], ['doctor'], ['gc'], predicting, ['gate', '--version', '2']];
    for (const one of words) {
      const { exitCode, stderr } = await runUnder(FEW_FILES, folder, one);
      // A verdict is an answer too.
      expect([one, [0, 1, 3].includes(exitCode), stderr]).toEqual([one, true, stderr]);
    }
    expect((await expectHonest(folder, changes.promote, FEW_FILES)).end).toBe('done');
    const trained = await runUnder(FEW_FILES, folder, changes.train.words());
    if (trained.exitCode === 0) return;
    expectClear(trained);
    expect(JSON.parse(trained.stdout).error.hint).toBe('ulimit -n 1024, then the same command again');
  },
);

describe.skipIf(whyNoDisk)(`a read-only disk${whyNoDisk ? ` (skipped: ${whyNoDisk})` : ''}`, () => {
  test('on a read-only disk what reads works, a server answers, and what writes says why', async () => {
    const disk = smallDisk();
    copy(disk.folder);
    const before = await readRecord(copy());
    disk.remount('ro');
    for (const words of READING)
      expect(await runUnder([], disk.folder, words)).toMatchObject({ exitCode: 0 });
    await expectServes(disk.folder, 1);
    for (const [, { words }] of commands) expectClear(await runUnder([], disk.folder, words(before)));
    expect(await readRecord(disk.folder)).toEqual(before);
  });
});

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const whyNoOtherUser = findWhyNoOtherUser();

function findWhyNoOtherUser(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root of Linux may become somebody else';
  const { error, status } = spawnSync(NOBODY[0], [...NOBODY.slice(1), process.execPath, BINARY, '--version']);
  if (error) return 'setpriv is not installed';
  return status === 0 ? undefined : 'another user cannot run this checkout';
}

describe.skipIf(whyNoOtherUser)(
  `another user${whyNoOtherUser ? ` (skipped: ${whyNoOtherUser})` : ''}`,
  () => {
    test("in somebody else's folder what reads works, and what writes says why and leaves no trace", async () => {
      const folder = copy();
      // A database is its maker's alone, until he lets others in.
      chmodSync(folder, 0o755);
      chmodSync(join(folder, 'data', 'riskops.db'), 0o644);
      const record = await readRecord(copy());
      const before = names(folder);
      for (const words of READING)
        expect(await runUnder(NOBODY, folder, words), words.join(' ')).toMatchObject({ exitCode: 0 });
      for (const [, { words }] of commands) expectClear(await runUnder(NOBODY, folder, words(record)));
      expect(names(folder)).toEqual(before);
    });
  },
);

function names(folder: string): [string, number][] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths.map((path) => [path, statSync(join(folder, path)).mtimeMs]);
}
