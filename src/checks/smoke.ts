import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileEncoder } from '../datasets/encode-rows.js';
import type { Signature } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import { makeGoldenRows } from '../models/golden-rows.js';
import { readModelFile } from '../models/model-file.js';
import { readPointer } from '../registry/current.js';
import type { StorePlaces } from '../storage/store.js';
import { printable } from '../util/text.js';
import { type Answer, ask, askOk } from './http.js';
import { reportSteps, type StepReport, type StepResult, stepRunner } from './steps.js';

/** Between two tries to reach a server that starts. */
const BETWEEN_MS = 250;

export interface SmokeOptions {
  url: string;
  /** The server's own store, when it is on this machine: its answers are compared with the model file. */
  places?: StorePlaces;
  /** A server without a model passes. */
  allowNoModel?: boolean;
  timeoutMs?: number;
  /** For a server that asks for one. */
  token?: string;
  /** The slowest single-row answer that passes, in milliseconds. */
  latencyMs?: number;
  /** How often the first request is tried again while the server starts. */
  retries?: number;
  onStep?: (result: StepResult) => void;
}

interface ModelAnswer {
  name: string;
  version: number;
  signature: Signature;
}

/**
 * Asks a server what a client would: is it alive, is it ready, does it predict, does it refuse a bad row.
 * @throws RiskopsError SERVER_UNREACHABLE when nothing answers at the URL
 */
export async function runSmoke(options: SmokeOptions): Promise<StepReport> {
  const { allowNoModel = false, timeoutMs = 10_000, latencyMs = 1_000, retries = 20, token } = options;
  const url = options.url.replace(/\/+$/, '');
  const runner = stepRunner(options.onStep);
  const { step } = runner;
  await reach(retries, url, timeoutMs);
  return reportSteps(runner, async () => {
    await step('health', async () => {
      const { body } = await retry(retries, () => askOk(`${url}/health`, { timeoutMs, token }));
      return { message: `status ${body['status']}`, value: undefined };
    });
    await step('version', async () => {
      const { body } = await askOk(`${url}/version`, { timeoutMs, token });
      return {
        message: `${body['service']} ${(body['package'] as { version?: string })?.version}`,
        value: undefined,
      };
    });
    const model = await step('model', async () => {
      const answer = await ask(`${url}/model`, { timeoutMs, token });
      if (answer.status === 404 && allowNoModel)
        return { message: 'no model is current, which is allowed', value: null };
      if (answer.status !== 200)
        throw new Error(
          `/model answered ${answer.status}: ${(answer.body['error'] as { message?: string })?.message}`,
        );
      const found = answer.body as unknown as ModelAnswer;
      return { message: `${found.name} version ${found.version}`, value: found };
    });
    if (model === null) return;
    await step('ready', async () => {
      await askOk(`${url}/ready`, { timeoutMs, token });
      return { message: 'ready', value: undefined };
    });
    const rows = makeGoldenRows(model.signature, 1).whole;
    const inputs = rows.map((row) =>
      Object.fromEntries(model.signature.features.map((feature, i) => [feature.name, row[i]])),
    );
    const values = await step('predict', async () => {
      const answer = await askOk(`${url}/predict`, { body: { inputs }, timeoutMs, token });
      const found = predictionsOf(answer, inputs.length);
      if (model.signature.target.classes !== null && found.flat().some((value) => value < 0 || value > 1))
        throw new Error('a probability lies outside 0 to 1');
      return { message: `${found.length} rows scored by version ${answer.body['version']}`, value: found };
    });
    await step('one row', async () => {
      const [answer, again] = [
        await askOk(`${url}/predict`, { body: { inputs: inputs[0] }, timeoutMs, token }),
        await askOk(`${url}/predict`, { body: { features: rows[0] }, timeoutMs, token }),
      ];
      const [single] = predictionsOf(answer, 1);
      if (
        answer.body['version'] === model.version &&
        (!isSame(single, values[0]) || !isSame(predictionsOf(again, 1)[0], single))
      ) {
        throw new Error(
          `the same row scored ${values[0]} in a batch, ${single} by name and ${predictionsOf(again, 1)[0]} by position`,
        );
      }
      if (again.ms > latencyMs)
        throw new Error(`one row took ${Math.round(again.ms)} ms, more than ${latencyMs}`);
      return {
        message: `${again.ms.toFixed(1)} ms, the same by name, by position and in a batch`,
        value: undefined,
      };
    });
    await step('bad row', async () => {
      const answer = await ask(`${url}/predict`, { body: { inputs: [{}] }, timeoutMs, token });
      if (answer.status < 400 || answer.status >= 500)
        throw new Error(`a row without fields was answered ${answer.status}`);
      return { message: `refused with ${answer.status}`, value: undefined };
    });
    if (options.places)
      await step('parity', () => compareWithFile(options.places as StorePlaces, model, rows, values));
  });
}

/** The answers against the model file itself, to 1e-9. */
async function compareWithFile(
  places: StorePlaces,
  model: ModelAnswer,
  rows: unknown[][],
  values: number[][],
) {
  const entry = readPointer(places.currentModel)?.models[model.name];
  if (entry?.version !== model.version)
    throw new Error(`the server has version ${model.version}, current.json has ${entry?.version ?? 'none'}`);
  const predictor = await readModelFile(join(places.artifacts, entry.path), { sha256: entry.sha256 });
  const { cells, rowCount } = compileEncoder(predictor.header.signature).encode(rows);
  const expected = predictor.predictCells(cells, rowCount);
  const off = Math.max(...values.flat().map((value, i) => Math.abs(value - expected[i])));
  if (!(off <= 1e-9)) throw new Error(`answers differ from the model file by up to ${off}`);
  return { message: `answers equal the model file (largest difference ${off})`, value: undefined };
}

interface RowAnswer {
  prediction: number;
  probabilities?: Record<string, number>;
  prediction_id: string;
}

const isSame = (one: number[], other: number[]) => one.join() === other.join();

/** Of each row the number that answers it, or the probabilities of its classes. */
function predictionsOf(answer: Answer, count: number): number[][] {
  const found = (answer.body['predictions'] as RowAnswer[] | undefined) ?? [];
  const values = found.map(({ prediction, probabilities }) =>
    probabilities === undefined ? [prediction] : Object.values(probabilities),
  );
  if (found.length !== count)
    throw new Error(`${count} rows were sent, ${found.length} predictions came back`);
  if (!values.flat().every(Number.isFinite)) throw new Error('a prediction is not a finite number');
  if (found.some(({ prediction_id }) => typeof prediction_id !== 'string'))
    throw new Error('a prediction has no prediction_id');
  return values;
}

/**
 * Waits for a server that starts. Whatever it answers is for the steps to judge.
 * @throws RiskopsError SERVER_UNREACHABLE
 */
async function reach(times: number, url: string, timeoutMs: number): Promise<void> {
  for (let left = times; ; left--) {
    try {
      // Nothing but the headers matters here, and no token is shown to whoever that is.
      await fetch(`${url}/health`, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
      return;
    } catch (error) {
      if (left <= 0 || (error as Error).name === 'TimeoutError') throw unreachable(url, causeOf(error));
      await sleep(BETWEEN_MS);
    }
  }
}

async function retry<T>(times: number, work: () => Promise<T>): Promise<T> {
  for (let left = times; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left <= 0) throw new Error(`no server answered: ${causeOf(error)}`);
      await sleep(BETWEEN_MS);
    }
  }
}

const causeOf = (error: unknown) =>
  (error as Error).cause instanceof Error
    ? ((error as Error).cause as Error).message
    : (error as Error).message;

function unreachable(url: string, why: string): RiskopsError {
  return new RiskopsError('SERVER_UNREACHABLE', {
    what: `No server answered at ${printable(url)}.`,
    why: printable(why),
    fix: 'riskops serve, or another --url',
    details: { url },
  });
}
