import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { buildChild } from '../support/child-entry.js';
import { writeLoans } from '../support/loans.js';
import { BINARY, succeed } from '../support/riskops.js';
import { type Call, traceNode, whyNoTrace } from './support/trace.js';

const TRACE = 'openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2';
const isSync = ({ name, isDone }: Call) => isDone && /^(fsync|fdatasync)$/.test(name);
const isRename = ({ name, isDone }: Call) => isDone && name.startsWith('rename');
const isWrite = ({ name }: Call) => /^p?write(64)?$/.test(name);

vi.setConfig({ testTimeout: 240_000 });
let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

/** A folder without letters that strace would escape. */
function plainFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'riskops-order-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A project with a current version and a candidate. */
async function project(): Promise<string> {
  const folder = plainFolder();
  writeLoans(folder);
  await succeed(folder, ['init', '--data', 'loans.csv', '--target', 'default']);
  await succeed(folder, ['train', '--learner', 'logistic', '--promote']);
  await succeed(folder, ['train', '--learner', 'logistic', '--seed', '1']);
  return folder;
}

/** Runs the binary under strace; its calls on files in `folder`, and what it printed. */
async function traceRiskops(folder: string, words: string[], text?: number): Promise<Call[]> {
  const traced = await traceNode([BINARY, ...words], { cwd: folder, trace: TRACE, text });
  expect(traced).toMatchObject({ exitCode: 0, stderr: '' });
  return traced.calls.filter(({ path }) => path.startsWith(folder));
}

/**
 * Each file that gets its final name by a rename was written and synced before, and its folder is synced before the database
 * takes another row; no final name is ever opened to be written.
 */
function expectDurableRenames(calls: Call[]): string[] {
  const renames = calls.filter(isRename);
  for (const rename of renames) {
    const own = calls.filter(({ path }) => path === rename.path);
    const lastWrite = Math.max(...own.filter(isWrite).map(({ ended }) => ended));
    const sync = own.find((call) => isSync(call) && call.began > lastWrite);
    expect(sync?.ended, `${rename.path} synced`).toBeLessThan(rename.began);
    const folder = calls.find((c) => isSync(c) && c.path === dirname(rename.to) && c.began > rename.ended);
    expect(folder, `the folder of ${rename.to} synced`).toBeDefined();
    const nextRow = calls.find((c) => isWrite(c) && c.path.endsWith('-wal') && c.began > rename.ended);
    expect(folder?.ended).toBeLessThan(nextRow?.began ?? Number.POSITIVE_INFINITY);
  }
  const written = calls.filter(({ name, args }) => name === 'openat' && /O_WRONLY|O_RDWR/.test(args));
  const names = written.map(({ path }) => path).filter((path) => !/riskops\.db(-wal|-shm)?$/.test(path));
  expect(names.filter((path) => !path.includes('.tmp-'))).toEqual([]);
  return renames.map(({ to }) => to);
}

test.skipIf(whyNoTrace)(
  `a model file, its manifest and each artifact are written, synced, renamed, and their folder synced${skipped()}`,
  async () => {
    const folder = await project();
    const calls = await traceRiskops(folder, ['train', '--learner', 'logistic', '--seed', '2']);
    const named = expectDurableRenames(calls).join('\n');
    expect(named).toMatch(/\.safetensors$/m);
    expect(named).toMatch(/manifest\.json$/m);
    expect(named).toMatch(/_latest\.json$/m);
  },
);

test.skipIf(whyNoTrace)(
  `a promotion: its row is on disk before current.json is replaced, and that is durable too${skipped()}`,
  async () => {
    const folder = await project();
    const reason = 'the order of the calls';
    const words = ['promote', '--version', '2', '--force', '--reason', reason];
    const calls = await traceRiskops(folder, words, 4096);
    expect(expectDurableRenames(calls)).toContain(join(folder, 'artifacts', 'models', 'current.json'));
    const wal = join(folder, 'data', 'riskops.db-wal');
    const row = calls.find((call) => isWrite(call) && call.path === wal && call.args.includes(reason));
    const lastPage = calls.filter((call) => isWrite(call) && call.path === wal).at(-1);
    const sync = calls.find((call) => isSync(call) && call.path === wal && call.began > lastPage!.ended);
    const rename = calls.find((call) => isRename(call) && call.to.endsWith('current.json'));
    expect(row?.ended).toBeLessThan(sync!.began);
    expect(sync?.ended).toBeLessThan(rename!.began);
  },
);

test.skipIf(whyNoTrace)(
  `synchronous=FULL by the syncs that happen: none is missing between a write to the log and its acknowledgement${skipped()}`,
  async () => {
    const folder = plainFolder();
    const { calls, stdout } = await traceNode([child, 'log', folder, '50'], { cwd: folder, trace: TRACE });
    const acknowledged = stdout.split('\n').filter((line) => /^(point|param|tag)/.test(line)).length;
    expect(acknowledged).toBe(50 + 10 + 10);
    const isLog = ({ path }: Call) => path.endsWith('riskops.db-wal');
    let synced = 0;
    let before = 0;
    for (const said of calls.filter(
      ({ name, args }) => name === 'write' && /^1<.*"(point|param|tag) /.test(args),
    )) {
      const between = calls.filter((call) => call.began > before && call.ended < said.began && isLog(call));
      const lastWrite = between.findLast(isWrite);
      expect(lastWrite, said.args).toBeDefined();
      expect(between.some((call) => isSync(call) && call.began > lastWrite!.ended)).toBe(true);
      synced++;
      before = said.ended;
    }
    expect(synced).toBe(acknowledged);
  },
);

function skipped(): string {
  return whyNoTrace === undefined ? '' : ` (skipped: ${whyNoTrace})`;
}
