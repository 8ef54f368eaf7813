import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RiskopsError } from '../../errors.js';
import { faultLine, toRiskopsError } from '../answer-error.js';
import type { ServerContext } from '../context.js';
import { chooseModel } from '../predict.js';
import type { ServedModel } from '../served-model.js';
import { acceptedFormat, type StreamFormat } from './accept.js';
import { type AnswerWriter, answerWriter, type StreamTotals } from './answer-writer.js';
import { type PaceWatch, watchPace } from './pace-watch.js';
import { predictBatch, type RowAnswer } from './predict-batch.js';
import { csvReader } from './read-csv.js';
import { ndjsonReader } from './read-ndjson.js';
import type { StreamedRow } from './row-reader.js';
import { rowBatches } from './row-source.js';

/** Streams at a time: each holds up to `AHEAD_BYTES`. */
const MOST_STREAMS = 16;
/** Answers wait so far for a client that first sends all and then reads; then its rows are read no further. */
const AHEAD_BYTES = 16 * 1024 * 1024;
/** How long a client may go on sending after its stream has failed. */
const LINGER_MS = 2_000;

interface Stream {
  context: ServerContext;
  request: FastifyRequest;
  model: ServedModel;
  writer: AnswerWriter;
  pace: PaceWatch;
}

/** A row's answer may need other rows, and no chunk has them all. */
function checkStreamable({ name, predictor }: ServedModel): void {
  if (!predictor.sequential) return;
  throw new RiskopsError('VALIDATION_ERROR', {
    what: `Model "${name}" cannot answer a stream of rows.`,
    why: `A row's answer builds on the ${predictor.lookBack} rows before it in its series.`,
    fix: 'send each row with those before it as {"inputs": [...]} in application/json',
  });
}

/** The answers of a batch, those of rows that could not even be read among them. */
async function answersOf(
  { context, request, model }: Stream,
  batch: readonly StreamedRow[],
): Promise<{ answers: RowAnswer[]; warningCount: number }> {
  const rows = batch.flatMap((row) => ('value' in row ? [row.value] : []));
  const isGone = () => request.raw.socket.destroyed;
  const asked = { model, rows, requestId: request.id, isGone };
  const { answers, warningCount } =
    rows.length === 0 ? { answers: [], warningCount: 0 } : await predictBatch(context, asked);
  let next = 0;
  return { answers: batch.map((row) => ('error' in row ? row : answers[next++])), warningCount };
}

/** The lines of a stream's answer: a batch is read when the one before it was taken. */
async function* answerLines(
  stream: Stream,
  first: StreamedRow[],
  batches: AsyncGenerator<StreamedRow[]>,
): AsyncGenerator<string> {
  const { context, request, writer, pace } = stream;
  const totals: StreamTotals = { rows: 0, predicted: 0, failed: 0, warning_count: 0 };
  let failure: RiskopsError | null = null;
  try {
    yield writer.head();
    for (let batch: StreamedRow[] | undefined = first; batch !== undefined; ) {
      const { answers, warningCount } = await pace.during(answersOf(stream, batch));
      const text = answers.map((answer, i) => writer.line(totals.rows + i, answer)).join('');
      const failed = answers.filter((answer) => 'error' in answer).length;
      totals.rows += answers.length;
      totals.failed += failed;
      totals.predicted += answers.length - failed;
      totals.warning_count += warningCount;
      yield text;
      // Whoever else waits has a turn.
      await nextTurn();
      const next = await batches.next();
      pace.note();
      batch = next.done === true ? undefined : next.value;
    }
  } catch (error) {
    if (request.raw.socket.destroyed) return;
    failure = toRiskopsError(error);
    if (failure.code === 'INTERNAL_ERROR') context.tell(faultLine(failure, request));
  } finally {
    pace.end();
    context.streams.delete(request.raw.socket);
  }
  yield writer.end(totals, failure);
  if (failure === null) return;
  const { socket } = request.raw;
  setTimeout(() => request.raw.complete || socket.destroy(), LINGER_MS).unref();
}

function parserOf(request: FastifyRequest): (text: string) => unknown {
  const parse = request.server.getDefaultJsonParser('error', 'error');
  return (text) => {
    let result: unknown;
    parse(request, text, (error, value) => {
      if (error) throw error;
      result = value;
    });
    return result;
  };
}

/**
 * Answers rows that stream in, in `format`, by lines that stream out: in the format that the request accepts, or in its own. One version
 * answers all of them.
 * @throws RiskopsError as the slots do, SERVER_BUSY, VALIDATION_ERROR, BODY_INVALID, BODY_TOO_LARGE: all before the first line
 */
export async function answerStream(
  context: ServerContext,
  { format, model: name }: { format: StreamFormat; model: string | undefined },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { streams, limits } = context;
  const { socket } = request.raw;
  if (streams.size >= MOST_STREAMS)
    throw new RiskopsError('SERVER_BUSY', { what: 'The server has too many streams of rows.' });
  streams.add(socket);
  const pace = watchPace(socket, limits.receiveMs);
  try {
    const model = await chooseModel(context, name, request.id);
    checkStreamable(model);
    const reader = format === 'csv' ? csvReader(model.header.signature) : ndjsonReader(parserOf(request));
    const batches = rowBatches(request.body as Readable, reader, limits.bodyBytes);
    const first = await batches.next();
    if (first.done === true)
      throw new RiskopsError('BODY_INVALID', { what: 'The request body has no rows.', why: undefined });
    const writer = answerWriter(acceptedFormat(request) ?? format, model);
    const lines = answerLines({ context, request, model, writer, pace }, first.value, batches);
    const body = Readable.from(lines, { objectMode: false, highWaterMark: AHEAD_BYTES });
    reply.header('x-riskops-version', String(model.entry.version)).type(writer.contentType);
    return reply.send(body);
  } catch (error) {
    pace.end();
    streams.delete(socket);
    throw error;
  }
}
