import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askOk } from '../checks/http.js';
import { openProject } from '../config.js';
import { initProject } from '../pipeline/init-project.js';
import { promoteCandidate } from '../pipeline/promote-candidate.js';
import { judgeTraining, trainModel } from '../pipeline/train.js';
import { describeGate } from '../registry/gate-report.js';
import { startServer } from '../serving/server.js';
import { toJson } from '../util/json.js';
import type { Command, CommandContext } from './command.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { untilAborted } from './serve.js';
import { serveOptions } from './serve-options.js';
import { trainPlan } from './train-plan.js';

/** A client of the bundled data: the first held-out row, as a caller would send it. */
const CLIENT = {
  LIMIT_BAL: 50000,
  SEX: 1,
  EDUCATION: 2,
  MARRIAGE: 1,
  AGE: 57,
  PAY_0: -1,
  PAY_2: 0,
  PAY_3: -1,
  PAY_4: 0,
  PAY_5: 0,
  PAY_6: 0,
  BILL_AMT1: 8617,
  BILL_AMT2: 5670,
  BILL_AMT3: 35835,
  BILL_AMT4: 20940,
  BILL_AMT5: 19146,
  BILL_AMT6: 19131,
  PAY_AMT1: 2000,
  PAY_AMT2: 36681,
  PAY_AMT3: 10000,
  PAY_AMT4: 9000,
  PAY_AMT5: 689,
  PAY_AMT6: 679,
};

export const command: Command = {
  options: [
    { flag: '--port <number>', description: 'the port; a free one when not given' },
    { flag: '--exit', description: 'end after the prediction, instead of serving until Ctrl-C' },
  ],
  details:
    'Works in a temporary folder that is removed at the end; --dir keeps it in a folder of yours. Needs no network.',
  makesFolder: true,
  examples: ['riskops demo', 'riskops demo --dir demo --port 8000'],
  async run({ flags, output, signal }) {
    const kept = flags['dir'] as string | undefined;
    const folder = kept ?? mkdtempSync(join(tmpdir(), 'riskops-demo-'));
    try {
      await runDemo({ flags, output, signal }, folder);
    } finally {
      if (kept === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
    if (signal.aborted) throw signal.reason;
    return undefined;
  },
};

async function runDemo(
  { flags, output, signal }: Pick<CommandContext, 'flags' | 'output' | 'signal'>,
  folder: string,
): Promise<void> {
  const environment = {};
  const found = await openProject({ dir: folder, dirMayBeMissing: true, environment });
  const port = found.get<number>('port', { port: flags['port'] ?? 0 });
  if (found.configPath === null) await initProject({ root: folder, model: 'credit' });
  const project = await openProject({ dir: folder, environment });
  const loop = await withStore(project, 'create', async (store) => {
    const onProgress = (text: string) => output.progress(text);
    const trained = await trainModel(store, trainPlan(project, {}), { root: folder, signal, onProgress });
    const judged = await judgeTraining(store, trained);
    const promoted = judged.report.verdict === 'promote';
    if (promoted) await promoteCandidate(store, { judged, actor: project.actor, reason: 'riskops demo' });
    return {
      ...trained.summary,
      verdict: judged.report.verdict,
      judgement: describeGate(judged.report)[0],
      promoted,
    };
  });
  const server = await startServer(serveOptions({ flags: { port }, project }));
  try {
    const answer = await askOk(`${server.url}/predict`, { body: { inputs: CLIENT } });
    const document = { ...loop, url: server.url, answer: answer.body, curl: curlFor(server.url), folder };
    output.result(document, () => [
      `1. Trained    gradient boosting on ${loop.rows.train} clients, in ${(loop.duration_ms / 1000).toFixed(1)} s; run ${loop.run_id.slice(0, 8)} is on record.`,
      `2. Tested     on ${loop.rows.test} clients it had not seen: AUC ${formatNumber(loop.metrics['auc'])}.`,
      `3. Gated      ${loop.judgement}`,
      `4. Promoted   ${loop.promoted ? `version ${loop.version} is current; riskops rollback would undo it` : `nothing: version ${answer.body['version']} stays current`}.`,
      `5. Serving    at ${server.url}`,
      `6. Predicted  a default probability of ${formatNumber(answer.body['prediction'])} for one client (class ${answer.body['class']}), on record as ${answer.body['prediction_id']}.`,
      '',
      ...(flags['exit'] ? [] : ['Try it while this runs (Ctrl-C ends it):', `  ${curlFor(server.url)}`, '']),
      'With your own table:',
      '  riskops init --data your.csv --target your_column',
      '  riskops train --promote',
      '  riskops serve',
    ]);
    if (!flags['exit']) await untilAborted(signal);
  } finally {
    await server.close();
  }
}

const curlFor = (url: string) =>
  `curl -s ${url}/predict -H 'content-type: application/json' -d '${toJson({ inputs: CLIENT })}'`;
