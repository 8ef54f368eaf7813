import { isAscii, isUtf8 } from 'node:buffer';
import { toJson } from '../../util/json.js';
import type { ServerContext } from '../context.js';
import { chooseModel } from '../predict.js';
import { requestIdOf } from '../request-id.js';
import type { ServedModel } from '../served-model.js';
import type { QuickHead } from './head.js';
import { compileOneRow, type OneRowPath } from './one-row.js';

/** The answer of a request that is in order, always with status 200; null for one that has to go the long way. */
export type QuickAnswer = (head: QuickHead, body: Buffer) => { text: string; requestId: string } | null;

/** Whether a request may be answered at all; anything but true leaves the refusal to the long way. */
export type Admit = (head: QuickHead) => boolean;

/** What takes longer than this is no matter of this moment. */
const AT_ONCE_MS = 2;
const MOST_SPARE = 64;

interface Target {
  model: string | undefined;
  /** The route's pattern, for the metrics. */
  route: string;
}

const MODEL_PATH = /^\/models\/([A-Za-z0-9_-]{1,128})\/predict$/;

function targetOf(path: string): Target | undefined {
  if (path === '/predict') return { model: undefined, route: '/predict' };
  const model = MODEL_PATH.exec(path)?.[1];
  return model === undefined ? undefined : { model, route: '/models/:name/predict' };
}

/** The times of many requests are the same millisecond. */
function createClock(): () => string {
  let last = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== last) {
      last = now;
      text = new Date(now).toISOString();
    }
    return text;
  };
}

function textOf(body: Buffer): string {
  if (isAscii(body)) return body.toString('latin1');
  return isUtf8(body) ? body.toString('utf8') : '';
}

/** The only key of an object. */
function onlyKey(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  let found: string | undefined;
  for (const key in value) {
    if (found !== undefined) return undefined;
    found = key;
  }
  return found;
}

/** The row of a body that has one row, and its text as it came; null for any other body. */
function oneRowOf(text: string): { row: unknown; inputs: string } | null {
  // What JSON can hide behind a backslash, and keys that reach a prototype, are not for here.
  if (text.includes('\\') || text.includes('__proto__') || text.includes('constructor')) return null;
  const body = JSON.parse(text);
  const key = onlyKey(body);
  if (key !== 'features' && key !== 'inputs') return null;
  const row = body[key];
  const isRow =
    key === 'features'
      ? Array.isArray(row) && row.length > 0 && !Array.isArray(row[0])
      : typeof row === 'object' && row !== null && !Array.isArray(row);
  // Of a key that stands twice the last one counts.
  if (!isRow || text.indexOf(`"${key}"`) !== text.lastIndexOf(`"${key}"`)) return null;
  const inputs = text.slice(text.indexOf(':') + 1, text.lastIndexOf('}')).trim();
  // The log has a line a prediction.
  return { row, inputs: /[\n\r]/.test(inputs) ? toJson(row) : inputs };
}

/**
 * The shortest way for what is asked most: one row, as JSON, that is in order. What it answers is what the predict routes answer; any
 * other request, and whatever goes wrong, is left to them.
 */
export function createQuickAnswer(context: ServerContext, admit: Admit, basePath = ''): QuickAnswer {
  const { log, metrics, hooks, limits, spareIds, newId } = context;
  const clock = createClock();
  const paths = new WeakMap<ServedModel, OneRowPath | null>();
  const isOff = log.mode === 'sync' || log.redacts || hooks.prepare !== null || hooks.choosesByRows;

  const pathOf = (model: ServedModel): OneRowPath | null => {
    let path = paths.get(model);
    if (path === undefined) {
      path = compileOneRow(model);
      paths.set(model, path);
    }
    return model.pace.msPerRow > AT_ONCE_MS ? null : path;
  };

  const answerRow = (model: ServedModel, body: Buffer, requestId: string): string | null => {
    const path = pathOf(model);
    const asked = path === null ? null : oneRowOf(textOf(body));
    if (path === null || asked === null) return null;
    const begun = performance.now();
    const predictions = path.score(asked.row);
    if (predictions === null) return null;
    model.pace.note(1, performance.now() - begun);
    const id = newId();
    const { answer, line } = path.write(predictions, { id, at: clock(), requestId, inputs: asked.inputs });
    log.appendLine(id, line);
    metrics.countPredictions(model.name, 1);
    hooks.observe?.({
      ...{ model, rows: [asked.row], requestId },
      scores: { predictions, warnings: [], warningCount: 0 },
      answers: [path.answer(predictions, id)],
    });
    return answer;
  };

  const answer: QuickAnswer = (head, body) => {
    const target = head.url.startsWith(basePath) ? targetOf(head.url.slice(basePath.length)) : undefined;
    if (target === undefined || head.bytes > limits.bodyBytes || !admit(head)) return null;
    const begun = performance.now();
    const requestId = requestIdOf({ headers: { 'x-request-id': head.requestId } });
    const model = chooseModel(context, target.model, requestId);
    if (model instanceof Promise) {
      model.catch(() => {});
      return null;
    }
    const text = answerRow(model, body, requestId);
    if (text === null) {
      // The long way draws no second time: a canary's share would depend on the row.
      const isDrawn = hooks.choose !== null && head.requestId === undefined;
      if (isDrawn && spareIds.length < MOST_SPARE) spareIds.push(requestId);
      return null;
    }
    metrics.countRequest('POST', target.route, 200, (performance.now() - begun) / 1000);
    return { text, requestId };
  };

  return (head, body) => {
    if (isOff) return null;
    try {
      return answer(head, body);
    } catch {
      // The long way meets the same fault, and says what it is.
      return null;
    }
  };
}
