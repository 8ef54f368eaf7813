import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { RiskopsError } from '../errors.js';
import { logLines } from '../tracking/log-lines.js';
import { type LoggedSummary, logToRun } from '../tracking/log-to-run.js';
import { parseMetric } from '../tracking/metric-text.js';
import { printable } from '../util/text.js';
import { bringInSpools } from './bring-in.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { artifactsOf, pairsOf, recordOf } from './pairs.js';
import { withStore } from './project-store.js';

export const command: Command = {
  args: '<run>',
  options: [
    {
      flag: '--metric <pairs...>',
      description: 'metrics, as NAME=NUMBER; NaN, Infinity and -Infinity are numbers',
    },
    {
      flag: '--step <number>',
      description: 'the step of these metrics; each goes on from its last when not given',
    },
    {
      flag: '--param <pairs...>',
      description: 'parameters, as NAME=VALUE; over 64 KiB one is kept as an artifact',
    },
    { flag: '--tag <pairs...>', description: 'tags, as NAME=VALUE' },
    { flag: '--artifact <files...>', description: 'files to keep, as FILE or PATH=FILE' },
    { flag: '--note <text>', description: 'the note, instead of the one there is' },
    {
      flag: '--from <file>',
      description: 'metrics from a file, or from stdin with -: a line of JSON each, as below',
    },
  ],
  details:
    'Logs to a run that has not ended, from any process; all is on disk when the command ends. To log to one that has ended, resume it first.\nLines for --from: {"key":"loss","value":0.5,"step":1} or {"metrics":{"loss":0.5,"auc":0.7},"step":1}; they are kept as they come.',
  examples: [
    'riskops runs log 3f9c21aa --metric loss=0.31 auc=0.77 --step 4',
    'riskops runs log 3f9c21aa --param lr=1e-3 --tag who=me --artifact report.html plots/roc.svg=out/roc.svg',
    'riskops runs log 3f9c21aa --from metrics.jsonl',
  ],
  async run({ args: [run], flags, project, output, signal }) {
    const step =
      flags['step'] === undefined ? {} : { step: wholeNumber(flags, 'step', { min: 0, otherwise: 0 }) };
    const values = {
      points: pairsOf(flags, 'metric').map(([key, text]) => ({
        key,
        value: parseMetric(key, text),
        ...step,
      })),
      params: recordOf(flags, 'param'),
      tags: recordOf(flags, 'tag'),
      note: flags['note'] as string | undefined,
      artifacts: artifactsOf(flags).map(({ path, file }) => ({ path, content: { file } })),
    };
    const from = flags['from'] as string | undefined;
    checkSomething(flags);
    if (from !== undefined) await checkReadable(from);
    return withStore(project, 'write', async (store) => {
      await bringInSpools(store, output);
      const logged = await logToRun(store, run, values);
      const lines = from === undefined ? 0 : await logLines(store, logged.run_id, linesOf(from), signal);
      const summary = { ...logged, points: logged.points + lines };
      output.result(summary, () => [describe(summary)]);
      return undefined;
    });
  },
};

function checkSomething(flags: Record<string, unknown>): void {
  const kinds = ['metric', 'param', 'tag', 'artifact', 'note', 'from'];
  if (kinds.some((kind) => flags[kind] !== undefined)) return;
  throw new RiskopsError('USAGE', {
    what: 'There is nothing to log.',
    why: `None of ${kinds.map((kind) => `--${kind}`).join(', ')} was given.`,
    fix: 'riskops runs log RUN --metric loss=0.5',
  });
}

function describe({ run_id, ...counts }: LoggedSummary): string {
  const shown = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${count === 1 ? what.slice(0, -1) : what}`);
  return `logged to ${run_id}: ${shown.join(', ') || 'the note'}`;
}

/** Before anything is logged: what is logged then would be there twice when the command is repeated. */
async function checkReadable(from: string): Promise<void> {
  if (from === '-') return;
  try {
    const handle = await open(from);
    await handle.close();
  } catch (error) {
    throw new RiskopsError('DATA_FILE_NOT_FOUND', {
      what: `${printable(from)} cannot be read.`,
      why: printable((error as Error).message),
      fix: 'name a file of JSON lines, or - for stdin',
      cause: error,
    });
  }
}

function linesOf(from: string): AsyncIterable<string> {
  const input = from === '-' ? process.stdin : createReadStream(from);
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}
