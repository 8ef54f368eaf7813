import { setTimeout as sleep } from 'node:timers/promises';
import { RiskopsError } from '../../errors.js';
import type { ServerContext } from '../context.js';
import { statusOf } from '../error-status.js';
import { predictRows } from '../predict.js';
import type { PredictionAnswer } from '../predicted.js';
import type { TimeLimit } from '../scoring-lane.js';
import type { ServedModel } from '../served-model.js';

/** What was odd about a row that was scored all the same. */
export interface RowWarning {
  feature: string;
  code: string;
}

/** A row's answer, or why it has none. */
export type RowAnswer = { answer: PredictionAnswer; warnings: RowWarning[] } | { error: RiskopsError };

export interface BatchAnswers {
  /** One a row, in their order. */
  answers: RowAnswer[];
  warningCount: number;
}

/** So many rows may wait for the disk before a stream waits too. */
const MOST_PENDING = 2_000;
const BUSY_PAUSE_MS = 100;

/** Whether a row is to blame, and not the server. */
const isOfRow = ({ code }: RiskopsError) => statusOf(code) < 500 && statusOf(code) !== 404;

/** A stream drops no entry of the log, it waits. @throws RiskopsError STORE_BUSY when `ms` pass and nothing is written */
async function waitForRoom({ log }: ServerContext, rows: number, ms: number): Promise<void> {
  const { pending, room } = log.state();
  if (pending > MOST_PENDING || room < rows) await log.flush(ms);
}

/** Predicts and, while the server has too much to do, tries again until the time is over. */
async function predictPatiently(
  context: ServerContext,
  asked: { model: ServedModel; rows: readonly unknown[]; requestId: string; limit: TimeLimit },
) {
  for (;;) {
    try {
      return await predictRows(context, asked);
    } catch (error) {
      const isBusy = error instanceof RiskopsError && error.code === 'SERVER_BUSY';
      if (!isBusy || performance.now() + BUSY_PAUSE_MS > asked.limit.deadline) throw error;
      await sleep(BUSY_PAUSE_MS);
    }
  }
}

/**
 * Answers rows of a stream. A row that does not fit gets its own error; the rows beside it are answered.
 * @throws RiskopsError what is no fault of a row: the log that takes nothing, the time that is over
 */
export async function predictBatch(
  context: ServerContext,
  asked: { model: ServedModel; rows: readonly unknown[]; requestId: string; isGone(): boolean },
): Promise<BatchAnswers> {
  const { rows, isGone } = asked;
  const ms = context.limits.requestMs;
  await waitForRoom(context, rows.length, ms);
  try {
    const limit = { deadline: performance.now() + ms, isGone };
    const { answers, scores } = await predictPatiently(context, { ...asked, limit });
    const told: RowAnswer[] = answers.map((answer) => ({ answer, warnings: [] }));
    for (const { row, feature, code } of scores.warnings)
      (told[row] as { warnings: RowWarning[] }).warnings.push({ feature, code });
    return { answers: told, warningCount: scores.warningCount };
  } catch (error) {
    if (!(error instanceof RiskopsError) || !isOfRow(error)) throw error;
    if (rows.length === 1) return { answers: [{ error }], warningCount: 0 };
    // Which rows are to blame, an error of many does not say in full: each half is asked alone.
    const middle = rows.length >> 1;
    const first = await predictBatch(context, { ...asked, rows: rows.slice(0, middle) });
    const second = await predictBatch(context, { ...asked, rows: rows.slice(middle) });
    return {
      answers: [...first.answers, ...second.answers],
      warningCount: first.warningCount + second.warningCount,
    };
  }
}
