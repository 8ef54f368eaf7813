import { expect, test } from 'vitest';
import { askOk } from '../../src/checks/http.js';
import { startTraffic, type TrafficAnswer } from '../../src/checks/traffic.js';
import { temporaryFolder } from '../support/temporary.js';
import { LOAN, makeProject, startServing, succeed } from './sandbox.js';

const REQUESTS = 20_000;
const CONNECTIONS = 8;
const CHANGES = 50;

/** A version became current somewhere between the start and the end of a command. */
interface Change {
  version: number;
  from: number;
  to: number;
}

/** The versions that could be current at some moment from when the request was sent to when it was answered. */
function possibleVersions({ sentAt, answeredAt }: TrafficAnswer, changes: readonly Change[]): number[] {
  return changes
    .filter((change, i) => {
      const next = changes[i + 1];
      return change.from <= answeredAt && (next === undefined || next.to >= sentAt);
    })
    .map(({ version }) => version);
}

test('20,000 requests over 8 connections, 50 promotions and rollbacks by another process: none fails, each answer is of its time', async () => {
  const sandbox = await makeProject(temporaryFolder());
  const forest = ['train', '--learner', 'random-forest', '--set', 'trees=200'];
  await succeed(sandbox, [...forest, '--promote']);
  await succeed(sandbox, [...forest, '--seed', '1', '--set', 'min_leaf=40']);
  const server = await startServing(sandbox);
  const changes: Change[] = [{ version: 1, from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY }];
  const expected = new Map<number, number>();
  const ask = async () =>
    (await askOk(`${server.url}/predict`, { body: { inputs: LOAN } })).body as {
      version: number;
      prediction: number;
    };
  const change = async (version: number, words: string[]) => {
    const from = performance.now();
    await succeed(sandbox, words);
    changes.push({ version, from, to: performance.now() });
    // The promise of a promotion: the very next request is answered by the new version.
    const answer = await ask();
    expect(answer.version).toBe(version);
    expected.set(version, answer.prediction);
  };
  const traffic = startTraffic({
    url: `${server.url}/predict`,
    body: { inputs: LOAN },
    connections: CONNECTIONS,
    limit: Number.POSITIVE_INFINITY,
  });
  try {
    expected.set(1, (await ask()).prediction);
    for (let i = 0; i < CHANGES / 2; i++) {
      await change(2, ['promote', '--version', '2', '--force', '--reason', 'swap test']);
      await change(1, ['rollback']);
    }
    while (traffic.answers.length < REQUESTS && traffic.errors.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    await traffic.stop();
    await server.stop();
  }

  expect(traffic.errors).toEqual([]);
  expect(traffic.answers.length).toBeGreaterThanOrEqual(REQUESTS);
  expect(traffic.answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(expected.get(1)).not.toBe(expected.get(2));
  const mixed = traffic.answers.filter(
    ({ version, prediction }) => prediction !== expected.get(version as number),
  );
  expect(mixed).toEqual([]);
  const untimely = traffic.answers.filter(
    (answer) => !possibleVersions(answer, changes).includes(answer.version as number),
  );
  expect(untimely).toEqual([]);
  const { items } = await succeed<{ items: unknown[] }>(sandbox, ['history', '--limit', '100']);
  expect(items).toHaveLength(CHANGES + 1);
}, 300_000);
