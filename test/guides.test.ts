import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveRoutes } from '../src/commands/serve-routes.js';
import { trainPlan } from '../src/commands/train-plan.js';
import { openProject } from '../src/config.js';
import { trainModel } from '../src/pipeline/train.js';
import { packageRoot } from '../src/util/package.js';
import { openStoreIn } from './pipeline/support.js';
import { openApp, promote } from './serving/support.js';
import { temporaryFolder } from './support/temporary.js';

/** The lines of a guide's shell blocks. */
const linesOf = (name: string) =>
  [
    ...readFileSync(join(packageRoot(), 'docs', 'guides', name), 'utf8').matchAll(
      /^```sh\r?\n([\s\S]*?)^```/gm,
    ),
  ]
    .flatMap(([, text]) => text.split(/\r?\n/))
    .filter((line) => line !== '');

/** A shell line's words; what stands in quotes is one. */
const wordsOf = (line: string) =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);

let folder = '';
let ask: Awaited<ReturnType<typeof openApp>>['app'];

/** Trains as the line says, and makes the version current whatever the gate says. */
async function train(flags: Record<string, unknown>): Promise<void> {
  const store = await openStoreIn(folder);
  const plan = trainPlan(await openProject({ cwd: folder, environment: {} }), flags);
  await trainModel(store, { ...plan, threads: 1 }, { root: folder });
  await promote(store, 1, plan.model);
}

const shell = (line: string) => execFileSync('sh', ['-c', line], { cwd: folder, maxBuffer: 1 << 26 });

/** Does what a `curl` line does: the body is what is piped to it, a file, or what stands behind -d. */
async function curl(line: string): Promise<{ line: string; status: number; body: string }> {
  const [, piped, call] = /^(?:(.*)\| )?(curl .*?)(?: > \S+)?$/.exec(line) ?? [];
  const words = wordsOf(call);
  const behind = (...flags: string[]) => words[words.findIndex((word) => flags.includes(word)) + 1];
  const has = (flag: string) => words.includes(flag);
  const [file, data] = [has('-sT') && behind('-sT'), has('-d') && behind('-d')];
  const payload = piped ? shell(piped) : file ? readFileSync(join(folder, file)) : data || undefined;
  const url = words.find((word) => word.startsWith('http'))!.replace('http://127.0.0.1:8000', '');
  const headers = has('-H') ? { 'content-type': behind('-H').replace('content-type: ', '') } : {};
  const answer = await ask.inject({ method: payload === undefined ? 'GET' : 'POST', url, headers, payload });
  return { line, status: answer.statusCode, body: answer.body };
}

const isPosix = process.platform !== 'win32';

/** The data of `riskops init` with few rows, a model of it, and their server. */
async function setUp(): Promise<void> {
  folder = temporaryFolder();
  const data = 'data/uci_credit_default.csv.gz';
  mkdirSync(join(folder, 'data'));
  shell(`gunzip -c '${join(packageRoot(), data)}' | head -401 | gzip > ${data}`);
  await train({ model: 'credit', data, target: 'class', split: 'every:5:4', set: ['trees=3'] });
  const { places } = await openStoreIn(folder);
  ask = (await openApp(places, { routes: serveRoutes(folder), model: 'credit' })).app;
}

/** Does every line of a guide. */
async function follow(name: string): Promise<number> {
  let asked = 0;
  for (const line of linesOf(name)) {
    if (line.startsWith('riskops')) {
      const words = line.split(' ');
      const flags = ['model', 'data', 'target', 'time', 'series', 'horizon', 'learner'];
      const given = flags.map((flag) => [flag, words[words.indexOf(`--${flag}`) + 1]]);
      if (words.includes('--model')) await train(Object.fromEntries(given));
    } else if (line.includes('curl ')) {
      const { status, body } = await curl(line);
      expect({ line, status, body: body.slice(0, 500) }).toMatchObject({ status: 200 });
      expect(body.slice(-1000)).not.toMatch(/"failed":[1-9]|"done":false/);
      asked++;
    } else shell(line);
  }
  return asked;
}

test.runIf(isPosix)('every line of the guides to requests works in a project of riskops init', async () => {
  await setUp();
  expect(await follow('explain.md')).toBe(1);
  expect(await follow('protocols.md')).toBe(9);
  // The answer that is shown has the parts of one, and adds up.
  const line = linesOf('explain.md').find((one) => one.startsWith('curl'))!;
  const { explanation } = JSON.parse((await curl(line)).body);
  const text = readFileSync(join(packageRoot(), 'docs/guides/explain.md'), 'utf8');
  const [, shown] = /^```json\r?\n([\s\S]*?)^```/m.exec(text) ?? [];
  const keys = (value: { reasons: object[] }) => [Object.keys(value), Object.keys(value.reasons[0])];
  const told = JSON.parse(`{${shown}}`).explanation;
  expect(keys(told)).toEqual(keys(explanation));
  expect(told.reasons).toHaveLength(explanation.reasons.length);
  const { base, margin, reasons, other } = told;
  const sum = reasons.reduce(
    (total: number, one: { contribution: number }) => total + one.contribution,
    base,
  );
  expect(sum + other).toBeCloseTo(margin, 2);
});
