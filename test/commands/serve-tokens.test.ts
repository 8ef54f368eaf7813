import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { runSmoke } from '../../src/checks/smoke.js';
import { sentToken } from '../../src/config.js';
import { createToken } from '../../src/registry/tokens.js';
import { openStore } from '../../src/storage/open-store.js';
import { writeLoans } from '../support/loans.js';
import {
  BINARY,
  cleanEnvironment,
  ending,
  folderForFile,
  refuse,
  riskops,
  start,
  succeed,
} from '../support/riskops.js';

const placesIn = (root: string) => ({
  database: join(root, 'data', 'riskops.db'),
  artifacts: join(root, 'artifacts'),
  currentModel: join(root, 'artifacts', 'models', 'current.json'),
});

/** One project; version 1 is current, versions 2 (better) and 3 (worse) are candidates. The tests follow one another. */
const folder = folderForFile();
const secrets: string[] = [];

beforeAll(async () => {
  writeLoans(folder);
  const loans = { data: 'loans.csv', target: 'default', split: 'random:0.2' };
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify({ model: 'loans', models: { loans } }));
  await succeed(folder, ['train', '--learner', 'dummy']);
  await succeed(folder, ['promote', '--latest', '--force', '--reason', 'the first one']);
  await succeed(folder, ['train', '--learner', 'logistic']);
  await succeed(folder, ['train', '--learner', 'dummy']);
});

async function makeToken(name: string, role: string): Promise<string> {
  const store = await openStore(placesIn(folder), { mode: 'write' });
  const { token } = await createToken(store, { name, role, actor: 'min' }).finally(() => store.close());
  secrets.push(token);
  return token;
}

async function makeTokenByCommand(name: string, role: string): Promise<string> {
  const { exitCode, stdout, stderr } = await riskops(folder, [
    'token',
    'create',
    '--name',
    name,
    '--role',
    role,
  ]);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^rko_[0-9a-f]{16}_[\w-]{43}\n$/)]);
  const token = stdout.trim();
  expect(stderr).not.toContain(token);
  secrets.push(token);
  return token;
}

interface Served {
  url: string;
  pid: number;
  /** All that the server has said. */
  said(): string;
  stop(): Promise<number>;
}

async function serve(words: string[] = [], prefix: string[] = []): Promise<Served> {
  const child =
    prefix.length === 0
      ? start(folder, ['serve', '--port', '0', '--json', ...words])
      : spawn(
          prefix[0],
          [...prefix.slice(1), process.execPath, BINARY, 'serve', '--port', '0', '--json', ...words],
          {
            ...{
              cwd: folder,
              env: cleanEnvironment(),
              stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
            },
          },
        );
  let said = '';
  const ended = ending(child as ReturnType<typeof start>).catch((error: Error) => ({
    exitCode: -1,
    stderr: error.message,
  }));
  const stop = async () => {
    child.kill('SIGTERM');
    return (await ended).exitCode;
  };
  onTestFinished(async () => void (await stop()));
  child.stderr.on('data', (part) => (said += part));
  const first = await new Promise<{ url: string }>((resolve, reject) => {
    child.stdout.on('data', (part) => {
      said += part;
      if (/^}$/m.test(said)) resolve(JSON.parse(said.slice(said.indexOf('{'), said.indexOf('\n}') + 2)));
    });
    void ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  return { url: first.url, pid: child.pid as number, said: () => said, stop };
}

async function ask(
  url: string,
  path: string,
  token?: string,
  body?: unknown,
  method = body === undefined ? 'GET' : 'POST',
) {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await fetch(`${url}${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

test('by HTTP: a promotion passes the gate and is served at once, a rollback too, in the name of the token', async () => {
  await refuse(folder, ['serve', '--host', '0.0.0.0'], 'HOST_REFUSED');
  const deploy = await makeTokenByCommand('deploy', 'promoter');
  const viewer = await makeToken('reader', 'viewer');
  const { url } = await serve(['--base-path', '/api']);
  expect((await ask(url, '/models/loans/promote', viewer, { latest: true })).status).toBe(403);
  expect((await ask(url, '/models/loans/promote', deploy, { version: 2, force: true })).status).toBe(422);

  const rejected = await ask(url, '/models/loans/promote', deploy, { version: 3 });
  expect([rejected.status, rejected.body.error.code]).toEqual([409, expect.stringMatching(/^GATE_/)]);
  expect(rejected.body.error.details.gate).toMatchObject({
    verdict: expect.stringMatching(/reject|undecided/),
  });
  const missing = await ask(url, '/models/nothing/promote', deploy, { latest: true });
  expect([missing.status, missing.body.error.code]).toEqual([404, 'MODEL_NOT_FOUND']);

  const both = await Promise.all([
    ask(url, '/models/loans/promote', deploy, { version: 2, reason: '--force' }),
    ask(url, '/models/loans/rollback', deploy, {}),
  ]);
  expect(both.map(({ status }) => status)).toEqual([200, 503]);
  expect(both[0].body.promotion).toMatchObject({
    to_version: 2,
    actor: 'deploy',
    reason: '--force',
    verdict: 'promote',
  });
  expect((await ask(url, '/model', viewer)).body.version).toBe(2);
  expect((await ask(url, '/models/loans/rollback', deploy, { reason: 'complaints' })).body).toMatchObject({
    ...{ to_version: 1, actor: 'deploy', reason: 'complaints' },
  });
  expect((await ask(url, '/model', viewer)).body.version).toBe(1);

  const environment = { RISKOPS_TOKEN: viewer };
  expect(await succeed(folder, ['smoke', '--url', url], { environment })).toMatchObject({ ok: true });
  expect((await runSmoke({ url, retries: 0 })).ok).toBe(false);
});

test('an empty or weak RISKOPS_TOKEN is refused, not sent', () => {
  const weak = [
    '',
    ' ',
    'admin',
    'x'.repeat(31),
    `${'x'.repeat(40)} y`,
    `${'x'.repeat(40)}\n`,
    'é'.repeat(40),
  ];
  for (const token of weak)
    expect(() => sentToken({ RISKOPS_TOKEN: token })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  expect(sentToken({})).toBeUndefined();
});

test('tokens by HTTP, and no secret in any log, figure, answer, file or command line (RB-77)', async () => {
  const admin = await makeToken('boss', 'admin');
  const { url, pid, said } = await serve();
  const made = await ask(url, '/tokens', admin, { name: 'by-http', role: 'viewer', expires: '1h' });
  expect(made.status).toBe(201);
  secrets.push(made.body.token);
  expect(made.body).toMatchObject({ name: 'by-http', role: 'viewer', created_by: 'boss' });
  await expect
    .poll(async () => (await ask(url, '/models', made.body.token)).status, { timeout: 5_000 })
    .toBe(200);
  expect((await ask(url, '/tokens', admin, { name: 'by-http', role: 'viewer' })).body.error.code).toBe(
    'TOKEN_EXISTS',
  );
  expect((await ask(url, '/tokens/by-http', admin, undefined, 'DELETE')).body).toMatchObject({
    state: 'revoked',
  });
  await expect
    .poll(async () => (await ask(url, '/models', made.body.token)).status, { timeout: 5_000, interval: 250 })
    .toBe(401);
  expect((await ask(url, '/tokens/--all', admin, undefined, 'DELETE')).status).toBe(404);

  const [, secret] = /_([\w-]+)$/.exec(admin) ?? [];
  const errors = await Promise.all([
    ask(url, `/nowhere/${admin}`, made.body.token),
    ask(url, '/models', `${admin}x`),
    ask(url, '/predict', admin, { wrong: 1 }),
    ask(url, '/metrics', admin),
    ask(url, '/tokens', admin),
    ask(url, '/openapi.json', admin),
  ]);
  const texts = errors.map(({ text }) => text).join('\n') + said();
  expect(texts).not.toContain(secret);
  if (process.platform === 'linux')
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('rko_');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path).toString('latin1');
    for (const token of secrets) expect([path, bytes.includes(token.slice(21))]).toEqual([path, false]);
  }
  if (process.platform !== 'win32')
    for (const end of ['', '-wal', '-shm'])
      expect(statSync(join(folder, 'data', `riskops.db${end}`)).mode & 0o777).toBe(0o600);
});

test.skipIf(process.platform !== 'linux')(
  'with 64 open files 300 connections do no harm: it answers meanwhile, and takes new ones after (RB-27)',
  async () => {
    const { url, stop } = await serve([], ['bash', '-c', 'ulimit -n 64; exec "$@"', 'bash']);
    const port = Number(new URL(url).port);
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    for (let i = 0; i < 300; i++) {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n'),
      );
      socket.on('error', () => {});
      sockets.push(socket);
    }
    await expect
      .poll(() => sockets.filter(({ closed }) => closed).length, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(276);
    for (const socket of sockets) socket.destroy();
    const isWell = async () => {
      const answer = await fetch(`${url}/ready`, { headers: { connection: 'close' } });
      return answer.status;
    };
    await expect.poll(() => isWell().catch(() => 0), { timeout: 10_000 }).toBe(200);
    expect(await stop()).toBe(143);
  },
);
