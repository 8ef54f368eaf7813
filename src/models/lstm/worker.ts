/** The entry of a training thread: trains one net, then ends. What it throws reaches its starter as an error event. */
import { parentPort } from 'node:worker_threads';
import { RiskopsError } from '../../errors.js';
import type { LstmJob, LstmMessage } from './job.js';
import { loadTfjs } from './load-tfjs.js';
import { openOwnEngine } from './net-engine.js';
import { openTfjsEngine } from './tfjs-engine.js';
import { trainNet } from './train-net.js';

function post(message: LstmMessage): void {
  parentPort?.postMessage(message);
}

async function engineFor(job: LstmJob): Promise<Parameters<typeof trainNet>[1]> {
  if (job.engine === 'riskops') return openOwnEngine;
  const tfjs = await loadTfjs();
  return (_, weights) => openTfjsEngine(tfjs, job, weights);
}

async function run(job: LstmJob): Promise<void> {
  const open = await engineFor(job);
  const weights = trainNet(job, open, (metrics) => post({ type: 'step', metrics }));
  post({ type: 'done', weights });
}

parentPort?.once('message', async (job: LstmJob) => {
  try {
    await run(job);
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    const { message: what, why = '', fix = '' } = error;
    post({ type: 'failed', what, why, fix });
  }
});
