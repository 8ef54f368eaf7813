import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileKind } from '../datasets/source-kind.js';
import { RiskopsError } from '../errors.js';
import {
  type ExportRequest,
  predictionsAsCsv,
  predictionsAsNdjson,
} from '../monitoring/export-predictions.js';
import { predictionsAsTraining, type TrainingExport } from '../monitoring/export-training.js';
import { codeOf, explainFileError } from '../storage/io-errors.js';
import type { Store, StorePlaces } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { predictionFlags, predictionRequest } from './predictions-flags.js';
import { modelOption, withStore } from './project-store.js';

const FORMATS = ['csv', 'ndjson', 'training'] as const;

export const command: Command = {
  options: [
    modelOption,
    ...predictionFlags,
    {
      flag: '--format <format>',
      description:
        'csv, ndjson, or training: rows with the target, to learn from; as the ending of --out says when not given, else csv',
      choices: [...FORMATS],
    },
    { flag: '--out <path>', description: 'the file to write; the output of the command when not given' },
  ],
  details:
    'Writes the predictions of a model, oldest first, as they are read: the log may be larger than the memory. In CSV every field of the rows has a column, input.NAME, and text that a spreadsheet would run as a formula gets an apostrophe before it. As training data it is NDJSON of the rows that have an outcome, with the names that the model learned from.\nExit code: 0; 74 when the file cannot be written.',
  examples: [
    'riskops predictions export --since 30d --out predictions.csv',
    'riskops predictions export --model credit --format ndjson --with-outcomes --out credit.ndjson',
    'riskops predictions export --format training --since 2026-03-01 --until 2026-04-01 --out rows/2026-03.ndjson',
  ],
  async run({ flags, project, output, signal }) {
    const out = flags['out'] as string | undefined;
    const format = readFormat(flags);
    if (out === undefined && output.json) {
      throw new RiskopsError('OPTION_INVALID', {
        what: 'With --json the output is one document, and the predictions need a place of their own.',
        fix: 'riskops predictions export --json --out predictions.csv, or riskops predictions list --json',
      });
    }
    return withStore(project, 'read', async (store) => {
      const request = await predictionRequest(store, project, flags);
      const count: TrainingExport = { rows: 0, without_outcome: 0, redacted: 0 };
      const pieces = PIECES[format](store, request, count);
      if (out !== undefined) refuseOwnFiles(out, project.places);
      if (out === undefined) await writeOut(pieces, signal);
      else {
        output.progress(`writing ${out}`);
        const bytes = await writeFile(out, pieces, signal);
        const { model } = request;
        if (format === 'training')
          output.result({ out, format, bytes, model, ...count }, () => [trainingText(out, count)]);
        else output.result({ out, format, bytes, model }, () => [`Wrote ${out}: ${bytes} bytes.`]);
      }
      return undefined;
    });
  },
};

type Format = (typeof FORMATS)[number];

const PIECES: Record<
  Format,
  (store: Store, request: ExportRequest, count: TrainingExport) => AsyncGenerator<string>
> = { csv: predictionsAsCsv, ndjson: predictionsAsNdjson, training: predictionsAsTraining };

function readFormat(flags: Record<string, unknown>): Format {
  const out = flags['out'] as string | undefined;
  const kind = out === undefined ? undefined : fileKind(out);
  const given = (flags['format'] as string | undefined) ?? (kind === 'ndjson' ? kind : 'csv');
  const format = FORMATS.find((name) => name === given);
  if (format === undefined) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `--format must be csv, ndjson or training, and is ${JSON.stringify(given)}.`,
    });
  }
  if (format === 'training' && flags['shadow'] === true) {
    throw new RiskopsError('OPTION_INVALID', {
      what: '--shadow does not go with --format training.',
      why: 'The answers of a shadow are of rows that are in it already.',
    });
  }
  checkEnding(format, kind, out);
  return format;
}

/** A file that is not what its name says is refused, or misread, by whatever reads it. */
function checkEnding(format: Format, kind: ReturnType<typeof fileKind>, out = ''): void {
  const own = format === 'csv' ? 'csv' : 'ndjson';
  const isPacked = /\.gz$/i.test(out);
  // Without an ending that says what it is, a file is read as CSV.
  if ((!isPacked && (kind === own || (kind === undefined && format !== 'training'))) || out === '') return;
  const name = out.replace(/(\.(csv|tsv|txt|ndjson|jsonl|json|parquet))?(\.gz)?$/i, `.${own}`);
  throw new RiskopsError('OPTION_INVALID', {
    what: `${printable(basename(out))} would not be what its name says.`,
    why: `--format ${format} writes ${own === 'csv' ? 'CSV' : 'NDJSON, an object a line'}, not packed.`,
    fix: `--out ${printable(name)}`,
    details: { format, out },
  });
}

function trainingText(out: string, { rows, without_outcome, redacted }: TrainingExport): string {
  const left = [
    ...(without_outcome > 0 ? [`${without_outcome} without an outcome`] : []),
    ...(redacted > 0 ? [`${redacted} with a redacted feature`] : []),
  ];
  return `Wrote ${out}: ${rows} rows with their outcome.${left.length > 0 ? ` Left out: ${left.join(', ')}.` : ''}`;
}

/** What riskops itself lives on is no place for an export. */
function refuseOwnFiles(path: string, { database, artifacts, currentModel }: StorePlaces): void {
  const target = resolve(path);
  const isOwn =
    [database, `${database}-wal`, `${database}-shm`, currentModel].includes(target) ||
    target.startsWith(`${artifacts}${sep}`) ||
    /^riskops\.config\.(ts|mjs|json)$/.test(basename(target));
  if (!isOwn) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `The predictions cannot be written to ${printable(path)}.`,
    why: 'It belongs to riskops itself.',
    fix: 'name another file with --out',
  });
}

function noFolder(path: string, cause: unknown): RiskopsError {
  return new RiskopsError('STORE_IO', {
    what: `${printable(path)} cannot be written.`,
    why: `There is no folder ${printable(dirname(resolve(path)))}.`,
    fix: '--out FILE in a folder that is there',
    cause,
  });
}

async function writeOut(pieces: AsyncGenerator<string>, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.from(pieces), process.stdout, { signal, end: false });
}

/** A file that is whole, or not there: it is written beside its place. */
async function writeFile(path: string, pieces: AsyncGenerator<string>, signal: AbortSignal): Promise<number> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const target = createWriteStream(temporary, { flags: 'wx' });
    await pipeline(Readable.from(pieces), target, { signal });
    const handle = await open(temporary, 'r+');
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
    return target.bytesWritten;
  } catch (error) {
    await rm(temporary, { force: true });
    signal.throwIfAborted();
    if (error instanceof RiskopsError) throw error;
    throw codeOf(error) === 'ENOENT' ? noFolder(path, error) : explainFileError(error, path);
  }
}
