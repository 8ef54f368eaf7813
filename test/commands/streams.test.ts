import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { writeLoans } from '../support/loans.js';
import {
  BINARY,
  cleanEnvironment,
  ending,
  folderForFile,
  riskops,
  start,
  succeed,
} from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = folderForFile();
let runId = '';
const COLOUR = /\u001b\[[\d;]*m/;

beforeAll(async () => {
  writeLoans(folder);
  await succeed(folder, ['init', '--data', 'loans.csv', '--target', 'default']);
  runId = (await succeed<{ run_id: string }>(folder, ['train', '--learner', 'logistic', '--promote'])).run_id;
});

describe('--json prints one document on stdout, and talk goes elsewhere', () => {
  const commands = [
    ['runs list', 'items'],
    ['runs latest', 'run_id'],
    ['runs show RUN', 'metrics'],
    ['runs compare RUN RUN', 'runs'],
    ['models list', 'items'],
    ['models show', 'versions'],
    ['models show --version 1', 'content_sha256'],
    ['learners lstm', 'learners'],
    ['history', 'items'],
    ['config', 'settings'],
    ['doctor', 'findings'],
    ['gate --version 1', 'verdict'],
    ['predict --file loans.csv --out scored.csv', 'rows'],
  ];
  test.concurrent.each(commands)('riskops %s', async (line, key) => {
    const { stdout, stderr } = await riskops(folder, [...line.replaceAll('RUN', runId).split(' '), '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toHaveProperty(key);
  });

  test('without it the same commands print lines for people', async () => {
    const { stdout } = await riskops(folder, ['runs', 'list']);
    expect(stdout).toMatch(/^run +created +kind +model +status/);
    expect(() => JSON.parse(stdout)).toThrow();
  });
});

test('a reader that closes our stdout is no error', async () => {
  const child = start(folder, ['runs', 'show', runId]);
  child.stdout.destroy();
  expect(await ending(child)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test.skipIf(process.platform !== 'linux')('a full disk under stdout is one', () => {
  const words = `"${process.execPath}" "${BINARY}" runs list > /dev/full`;
  expect(spawnSync('sh', ['-c', words], { cwd: folder, env: cleanEnvironment() }).status).toBe(74);
});

describe('colour', () => {
  /** Runs a command on a terminal of its own, one that says it has no columns. */
  const onTerminal = (environment: Record<string, string>) => {
    const words = `"${process.execPath}" "${BINARY}" gate --version 1`;
    const { stdout } = spawnSync('script', ['-qec', words, '/dev/null'], {
      cwd: folder,
      env: cleanEnvironment({ TERM: 'xterm-256color', ...environment }),
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(stdout).toContain('UNDECIDED');
    return stdout;
  };
  const noTerminal = process.platform !== 'linux' || spawnSync('script', ['--version']).status !== 0;

  test.skipIf(noTerminal)('on a terminal, unless NO_COLOR is set', () => {
    expect(onTerminal({})).toMatch(COLOUR);
    expect(onTerminal({ NO_COLOR: '1' })).not.toMatch(COLOUR);
    expect(onTerminal({ NO_COLOR: '' })).toMatch(COLOUR);
  });

  test('none in a pipe, neither in results nor in errors', async () => {
    expect((await riskops(folder, ['gate', '--version', '1'])).stdout).not.toMatch(COLOUR);
    expect((await riskops(folder, ['gate', '--version', '9'])).stderr).not.toMatch(COLOUR);
    expect((await riskops(folder, ['gate', '--version', '9'], { FORCE_COLOR: '1' })).stderr).toMatch(COLOUR);
  });
});

describe.skipIf(process.platform === 'win32')('SIGINT and SIGTERM while it trains', () => {
  /** Starts a training that takes minutes, and signals it when its run is on record. */
  async function interrupted(learner: string, set: string, signal: NodeJS.Signals) {
    const own = temporaryFolder();
    writeLoans(own, 'loans.csv', 4000);
    const words = ['train', '--data', 'loans.csv', '--target', 'default', '--learner', learner, '--set', set];
    const child = spawn(process.execPath, [BINARY, ...words], {
      cwd: own,
      env: cleanEnvironment(),
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const runs = join(own, 'artifacts', 'runs');
    while (child.exitCode === null && !hasRun(runs)) await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const begun = performance.now();
    child.kill(signal);
    const [exitCode] = await once(child, 'exit');
    return { own, exitCode, ms: performance.now() - begun };
  }

  const hasRun = (folder: string) => {
    try {
      return readdirSync(folder).some((name) => name.includes('_train_'));
    } catch {
      return false;
    }
  };

  test.each([
    ['random-forest', 'trees=100000', 'SIGINT', 130],
    ['gradient-boosting', 'trees=100000', 'SIGTERM', 143],
  ] as const)(
    '%s with %s: %s ends it within 5 s, the run is KILLED, no candidate is left',
    async (learner, set, signal, code) => {
      const { own, exitCode, ms } = await interrupted(learner, set, signal);
      expect(exitCode).toBe(code);
      expect(ms).toBeLessThan(5_000);
      const { items } = await succeed<{ items: { status: string }[] }>(own, ['runs', 'list']);
      expect(items.map(({ status }) => status)).toEqual(['KILLED']);
      expect(await succeed(own, ['models', 'list'])).toEqual({ items: [] });
      expect(await succeed(own, ['doctor'])).toMatchObject({ ok: true });
    },
  );
});

test.skipIf(process.platform === 'win32')(
  'serve says where it listens and what is missing, and ends in peace',
  async () => {
    const own = temporaryFolder();
    const child = start(own, ['serve', '--port', '0']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = ending(child);
    await new Promise<void>((resolve) => {
      let text = '';
      child.stderr.on('data', (part) => {
        text += part;
        if (text.includes('Not ready')) resolve();
      });
    });
    child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await ended;
    expect(exitCode).toBe(143);
    expect(stdout).toMatch(/^Serving at http:\/\/127\.0\.0\.1:\d+ .*Stop with Ctrl-C\.$/m);
    expect(stderr).toMatch(/^Not ready: No model is promoted yet\. Try: riskops promote --latest$/m);
    expect(stderr).toMatch(/^Stopped by SIGTERM\.$/m);
    expect(readdirSync(own)).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32')(
  'a second signal ends a server at once, whatever it waits for',
  async () => {
    const child = start(temporaryFolder(), ['serve', '--port', '0']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = ending(child);
    const port = await new Promise<number>((resolve) => {
      let text = '';
      child.stdout.on('data', (part) => {
        text += part;
        const [, found] = /:(\d+) .*Ctrl-C/.exec(text) ?? [];
        if (found !== undefined) resolve(Number(found));
      });
    });
    // A request whose body never ends is in flight for as long as it may be.
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    const head = 'POST /outcomes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
    socket.write(`${head}Content-Length: 100\r\n\r\n{`);
    await fetch(`http://127.0.0.1:${port}/health`);
    child.kill('SIGINT');
    const isOpen = () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        () => true,
        () => false,
      );
    while (await isOpen()) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(130);
    // Which it says when it has waited.
    expect(stderr).not.toContain('Stopped by');
  },
);

test('a port that is taken is an error that names it', async () => {
  const { createServer } = await import('node:net');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const { exitCode, stderr } = await riskops(folder, ['serve', '--port', String(port)]);
  taken.close();
  expect(exitCode).toBe(74);
  expect(stderr).toContain(`Port ${port} of 127.0.0.1 is in use.`);
});

test('a store that is no database is an error, and stays as it is', async () => {
  const own = temporaryFolder();
  writeFileSync(join(own, 'notes.txt'), 'my notes');
  const { exitCode, stderr } = await riskops(own, ['runs', 'list'], { RISKOPS_DB: 'notes.txt' });
  expect(exitCode).toBe(65);
  expect(stderr).toMatch(/^Error: .*notes\.txt/);
});
