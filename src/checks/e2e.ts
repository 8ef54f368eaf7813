import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPredictions } from '../monitoring/read-predictions.js';
import { openStore } from '../storage/open-store.js';
import { askDescribed, type Contract, type DescribedServer } from './contract.js';
import { askOk } from './http.js';
import { type Ended, runRiskops, type Sandbox, type ServedProcess, startServing } from './riskops-process.js';
import { reportSteps, type StepReport, type StepResult, type StepRunner, stepRunner } from './steps.js';
import { startTraffic } from './traffic.js';

export interface EndToEndOptions {
  /** The environment of the child processes, without RISKOPS_* settings: the caller's own store must stay out of reach. */
  environment: Record<string, string>;
  /** Leaves the sandbox behind for a look. */
  keep?: boolean;
  onStep?: (result: StepResult) => void;
  signal?: AbortSignal;
}

/**
 * The whole loop in a temporary folder, on the bundled data, by the built binary and a server started as in production: init, train,
 * gate, promote, serve, predict, swap and rollback under traffic, prediction log, doctor.
 */
export async function runEndToEnd({
  environment,
  keep = false,
  onStep,
  signal,
}: EndToEndOptions): Promise<StepReport & { sandbox: string | null }> {
  const folder = mkdtempSync(join(tmpdir(), 'riskops-e2e-'));
  const sandbox: Sandbox = { folder, environment };
  const runner = stepRunner(onStep);
  const servers: ServedProcess[] = [];
  try {
    const report = await reportSteps(runner, () => runLoop(runner, sandbox, servers, signal));
    return { ...report, sandbox: keep ? folder : null };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runLoop(
  { step }: StepRunner,
  sandbox: Sandbox,
  servers: ServedProcess[],
  signal?: AbortSignal,
): Promise<void> {
  const command = <T>(name: string, words: string[], message: (document: T) => string) =>
    step(name, async () => {
      const document = parse(await runRiskops(sandbox, [...words, '--json'], signal), words) as T;
      return { message: message(document), value: document };
    });

  await command('init', ['init'], () => 'config, policy and data are written');
  await command('train', ['train', '--learner', 'logistic', '--promote'], describeTraining);
  const server = await step('serve', async () => {
    const started = await startServing(sandbox);
    servers.push(started);
    return { message: started.url, value: started };
  });
  await command(
    'smoke',
    ['smoke', '--url', server.url],
    (report: { steps: unknown[] }) => `${report.steps.length} steps passed`,
  );
  const described = await step('openapi', async () => {
    const { body } = await askOk(`${server.url}/openapi.json`);
    const contract = body as unknown as Contract;
    const { url } = server;
    return { message: `${Object.keys(contract.paths).length} paths are described`, value: { url, contract } };
  });
  const row = await step('predict', () => firstPrediction(described));
  await step('protocols', () => askEveryProtocol(described, row.inputs));

  await command(
    'candidate',
    ['train', '--learner', 'gradient-boosting', '--set', 'trees=60'],
    describeTraining,
  );
  const traffic = startTraffic({
    url: `${server.url}/predict`,
    body: row,
    connections: 4,
    limit: Number.POSITIVE_INFINITY,
  });
  try {
    await command('promote', ['promote', '--latest'], () => 'version 2 is current');
    await step('swap', () => expectVersion(described, row, 2));
    await command('rollback', ['rollback', '--reason', 'riskops e2e'], () => 'version 1 is current again');
    await step('swap back', () => expectVersion(described, row, 1));
  } finally {
    await traffic.stop();
  }
  await step('traffic', async () => {
    const wrong = traffic.answers.filter(
      ({ status, version }) => status !== 200 || (version !== 1 && version !== 2),
    );
    if (traffic.errors.length + wrong.length > 0)
      throw new Error(
        `${traffic.errors.length + wrong.length} of ${traffic.answers.length} requests failed: ${traffic.errors[0] ?? `status ${wrong[0].status}`}`,
      );
    return { message: `${traffic.answers.length} requests, none failed`, value: undefined };
  });
  await step('stop', async () => {
    const { exitCode, stderr } = await server.stop();
    if (exitCode !== 143) throw new Error(`the server ended with ${exitCode}: ${stderr.split('\n')[0]}`);
    return { message: 'the server drained and ended', value: undefined };
  });
  await step('log', () =>
    expectLogged(
      sandbox,
      traffic.answers.map(({ predictionId }) => predictionId as string),
    ),
  );
  await command('history', ['history'], (history: { items: unknown[] }) => `${history.items.length} entries`);
  await command('doctor', ['doctor'], () => 'all is well');
}

const describeTraining = ({ gate, metrics }: { gate: { verdict: string }; metrics: { auc: number } }) =>
  `auc ${metrics.auc.toFixed(4)}, gate: ${gate.verdict}`;

function parse({ exitCode, stdout, stderr }: Ended, words: readonly string[]): unknown {
  if (exitCode !== 0)
    throw new Error(`riskops ${words.join(' ')} ended with ${exitCode}: ${stderr.split('\n')[0]}`);
  return JSON.parse(stdout);
}

/** A row as a client would send it, taken from what the server says of its model. */
async function firstPrediction(server: DescribedServer) {
  const { body } = await askDescribed(server, '/model');
  const { features } = (
    body as { signature: { features: { name: string; min?: number; categories?: string[] }[] } }
  ).signature;
  const row = {
    inputs: Object.fromEntries(
      features.map(({ name, min, categories }) => [name, categories?.[0] ?? min ?? null]),
    ),
  };
  const answer = await askDescribed(server, '/predict', { body: row });
  return { message: `${answer.body['prediction']} by version ${answer.body['version']}`, value: row };
}

/** Every protocol gives the row the same prediction, and every answer is as the document says. */
async function askEveryProtocol(server: DescribedServer, row: Record<string, string | number | null>) {
  for (const path of ['/health', '/ready', '/version', '/models', '/runs', '/v2', '/v2/health/ready'])
    await askDescribed(server, path);
  const { body: own } = await askDescribed(server, '/predict', { body: { inputs: row } });
  const name = String(own['model']);
  const { body: model } = await askDescribed(server, `/v2/models/${encodeURIComponent(name)}`);
  const tensors = (model['inputs'] as { name: string; datatype: string }[]).map((input) => ({
    ...{ name: input.name, datatype: input.datatype, shape: [1], data: [row[input.name]] },
  }));
  const { body: inferred } = await askDescribed(server, `/v2/models/${encodeURIComponent(name)}/infer`, {
    body: { inputs: tensors, outputs: [{ name: 'prediction' }] },
  });
  const { body: invoked } = await askDescribed(server, '/invocations', { body: { instances: [row] } });
  const found = [
    (inferred['outputs'] as { data: unknown[] }[])[0].data[0],
    (invoked['predictions'] as unknown[])[0],
  ];
  if (found.some((prediction) => prediction !== own['prediction']))
    throw new Error(`/predict says ${own['prediction']}, and other protocols ${found.join(', ')}`);
  await askDescribed(server, '/v2/models/nobody/infer', { body: { inputs: tensors }, status: 404 });
  await askDescribed(server, '/predict', { body: { inputs: {} }, status: 422 });
  return { message: 'all say the same, as /openapi.json says', value: undefined };
}

/** The next request after a promotion or rollback must be answered by the new version. */
async function expectVersion(server: DescribedServer, row: unknown, version: number) {
  const { body } = await askDescribed(server, '/predict', { body: row });
  if (body['version'] !== version) throw new Error(`version ${body['version']} answered, not ${version}`);
  return { message: `the next request was answered by version ${version}`, value: undefined };
}

/** Every answered prediction is in the log. */
async function expectLogged({ folder }: Sandbox, ids: readonly string[]) {
  const artifacts = join(folder, 'artifacts');
  const store = await openStore(
    {
      database: join(folder, 'data', 'riskops.db'),
      artifacts,
      currentModel: join(artifacts, 'models', 'current.json'),
    },
    { mode: 'read' },
  );
  try {
    const logged = new Set(
      (await readPredictions(store, { limit: Number.POSITIVE_INFINITY })).map(({ id }) => id),
    );
    const lost = ids.filter((id) => !logged.has(id));
    if (lost.length > 0) throw new Error(`${lost.length} of ${ids.length} predictions are not in the log`);
    return { message: `${logged.size} predictions are on record`, value: undefined };
  } finally {
    await store.close();
  }
}
