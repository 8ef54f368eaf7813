import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { v7 } from 'uuid';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import { openPredictionLog } from './prediction-log.js';
import type { FromShadowThread, OfferedRow, ShadowThreadData, ToShadowThread } from './shadow-messages.js';
import { VersionAnswers } from './version-answers.js';

/**
 * The thread in which a shadow answers, with a copy of the model and a prediction log of its own: the server's thread hands it rows, and has
 * nothing to do with its answers.
 */

const port = parentPort!;
const { model, version, file, sha256, database, redact }: ShadowThreadData = workerData;
const post = (message: FromShadowThread) => port.postMessage(message);

/** Nobody waits for these entries, so many go in one write. */
const LOG_MS = 1_000;
// Before this thread steps back: who holds the database's lock must not wait for the processor.
const log = openPredictionLog({ mode: 'buffered', database, redact, maxDelayMs: LOG_MS });

/** The processor is for the answers that somebody waits for. */
function stepBack(): void {
  // On Linux the priority is the calling thread's; elsewhere it would be the whole server's.
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // a container may forbid it: then the thread competes with the others
  }
}

async function load(): Promise<VersionAnswers | string> {
  try {
    const predictor = await readModelFile(file, { sha256 });
    if (predictor.sequential)
      return 'it looks at the rows before each row, and a shadow is handed single rows';
    return new VersionAnswers(predictor);
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return error.message.replace(/\.$/, '');
  }
}

/** The row as the log keeps it: an array is in the order of the version that is logged, or else an object. */
function inputsOf({ inputs, features: of }: OfferedRow, own: readonly string[]): unknown {
  if (!Array.isArray(inputs) || of === null) return inputs;
  const isSame = of.length === own.length && of.every((name, i) => name === own[i]);
  return isSame ? inputs : Object.fromEntries(of.map((name, i) => [name, inputs[i]]));
}

/** Answers the rows of a batch, and logs what it answered. */
function answerBatch(shadow: VersionAnswers, batch: number, rows: OfferedRow[]): FromShadowThread {
  const { signature } = shadow.predictor.header;
  const own = signature.features.map(({ name }) => name);
  let [answered, unread, lost] = [0, 0, 0];
  for (const [i, answer] of shadow.answer(rows).entries()) {
    if ('problem' in answer) {
      unread++;
      continue;
    }
    const { id: shadow_of, request_id } = rows[i];
    const at = new Date(rows[i].at).toISOString();
    const inputs = inputsOf(rows[i], own);
    const entry = { id: v7(), at, request_id, model, version, inputs, ...answer, shadow_of };
    if (log.append([entry], signature)) answered++;
    else lost++;
  }
  return { kind: 'done', batch, answered, unread, lost };
}

stepBack();
const shadow = await load();
if (typeof shadow === 'string') {
  post({ kind: 'refused', why: shadow });
  await log.close();
} else {
  post({ kind: 'ready' });
  port.on('message', (message: ToShadowThread) => {
    if (message.kind === 'rows') post(answerBatch(shadow, message.batch, message.rows));
    else void log.close().finally(() => port.close());
  });
}
