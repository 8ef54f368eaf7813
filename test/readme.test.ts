import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../src/util/package.js';
import { seededRandom } from '../src/util/random.js';
import { cleanEnvironment, ending, folderForFile, riskops, start } from './support/riskops.js';

const root = packageRoot();

/** The README's shell blocks: the commands of each, without their comments. */
const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```sh\r?\n([\s\S]*?)^```/gm)].map(
  ([, text]) =>
    text
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter((line) => line !== ''),
);

/** A folder for each part that says it begins in an empty one, and the server that the part leaves running. */
const folders = folderForFile();
let folder = '';
let port = 0;
let runId = '';
let server: ChildProcess | undefined;

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => socket.once('listening', resolve));
  const { port } = socket.address() as { port: number };
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

async function stopServer(): Promise<void> {
  const child = server;
  server = undefined;
  if (child === undefined || child.exitCode !== null) return;
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

/** A table of which a forest knows more than boosted trees, and both more than nothing: the labels are noisy. */
function ownCsv(rows = 3000): string {
  const random = seededRandom(1);
  const lines = Array.from({ length: rows }, () => {
    const [income, debt, age, score] = [random() * 100, random() * 50, 20 + random() * 50, random() * 10];
    const late = debt / 25 - income / 50 + (random() + random() + random() - 1.5) * 2.2 > 0;
    return [income, debt, age, score].map((value) => value.toFixed(1)).concat(late ? '1' : '0');
  });
  return `income,debt,age,score,your_column\n${lines.map((line) => line.join(',')).join('\n')}\n`;
}

/** `riskops serve` as written, but on a port that is free. */
async function serve(words: string[]): Promise<void> {
  const child = start(folder, words, { RISKOPS_PORT: String(port) });
  server = child;
  const ended = ending(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (part) => String(part).includes('Serving at') && resolve());
    ended.then(
      ({ exitCode, stderr }) => reject(new Error(`serve ended with ${exitCode}: ${stderr}`)),
      reject,
    );
  });
}

async function succeeds(words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await riskops(folder, words);
  expect({ words, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({
    words,
    exitCode: 0,
    stderr: '',
  });
  return stdout;
}

/** The words of a line as a shell would make them: `"..."` is one word, `$RUN` what an earlier `RUN=$(...)` printed. */
function shellWords(line: string): string[] {
  const words = line.replaceAll('8000', String(port)).match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
  return words.map((word) => word.replaceAll('"', '').replaceAll('$RUN', runId));
}

/** What a line of the README does here; a line that is none of these is not tested, and so it fails. */
async function runLine(line: string): Promise<void> {
  const inner = /^RUN=\$\((riskops .*)\)$/.exec(line)?.[1];
  if (inner !== undefined) {
    runId = (await succeeds(shellWords(inner).slice(1))).trim();
    return;
  }
  const [program, ...words] = shellWords(line);
  if (line === 'node scripts/check.mjs') expect(existsSync(join(root, 'scripts', 'check.mjs'))).toBe(true);
  else if (line === 'node scripts/demo.mjs') await demo();
  else if (line === 'riskops e2e')
    expect(readFileSync(join(root, 'test/e2e/command.test.ts'), 'utf8')).toContain("['e2e'");
  else if (program === 'riskops' && words[0] === 'serve') await serve(words);
  else if (program === 'riskops') await succeeds(words);
  else if (program === 'curl')
    expect(spawnSync('curl', [...words, '--fail'], { encoding: 'utf8' }).status).toBe(0);
  else throw new Error(`README.md has a command that no test knows: ${line}`);
}

/** The demo as a newcomer runs it: its curl works while it serves, and Ctrl-C leaves nothing behind. */
async function demo(): Promise<void> {
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const isWindows = process.platform === 'win32';
  const child = spawn(
    process.execPath,
    [join(root, 'scripts', 'demo.mjs'), ...(isWindows ? ['--exit'] : [])],
    {
      cwd: folder,
      env: cleanEnvironment({ TMPDIR: temporary, TEMP: temporary }),
      // A group of its own, as a terminal gives it: Ctrl-C reaches all of it.
      detached: !isWindows,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = ending(child);
  try {
    if (isWindows) expect((await ended).stdout).toContain('6. Predicted');
    else
      expect(await sayAndAsk(child)).toMatchObject({
        model: 'credit',
        version: 1,
        prediction: expect.any(Number),
      });
  } finally {
    if (!isWindows && child.exitCode === null) process.kill(-(child.pid as number), 'SIGINT');
    await ended.catch(() => {});
  }
  expect(readdirSync(temporary)).toEqual([]);
}

/** Waits for the demo's last line, and runs the curl that it printed. */
async function sayAndAsk(child: ReturnType<typeof start>): Promise<unknown> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (part) => (text += part) && /riskops serve$/m.test(text) && resolve());
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${text}`)));
  });
  expect(text).toMatch(
    /1\. Trained.*\n2\. Tested.*\n3\. Gated.*\n4\. Promoted.*\n5\. Serving.*\n6\. Predicted/,
  );
  const curl = text.split('\n').find((line) => line.trim().startsWith('curl')) as string;
  return JSON.parse(spawnSync('sh', ['-c', curl], { encoding: 'utf8' }).stdout);
}

beforeAll(async () => {
  port = await freePort();
});
afterAll(stopServer);

test.each(blocks.map((lines) => [lines.join('; '), lines] as const))(
  '%s',
  async (_, lines) => {
    const begins = lines.some((line) => /^(node|riskops init)/.test(line));
    if (begins) {
      await stopServer();
      folder = join(folders, `part ${readdirSync(folders).length}`);
      mkdirSync(folder);
      writeFileSync(join(folder, 'your.csv'), ownCsv());
    }
    for (const line of lines) await runLine(line);
  },
  120_000,
);

test('the README has commands, and its parts follow one another as tested', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(5);
  expect(blocks.flat().filter((line) => line.startsWith('riskops init'))).toHaveLength(2);
});
