import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RiskopsError } from '../errors.js';
import { predictionsAsCsv, predictionsAsNdjson } from '../monitoring/export-predictions.js';
import { explainFileError } from '../storage/io-errors.js';
import type { StorePlaces } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { predictionFlags, predictionRequest } from './predictions-flags.js';
import { modelOption, withStore } from './project-store.js';

export const command: Command = {
  options: [
    modelOption,
    ...predictionFlags,
    {
      flag: '--format <format>',
      description: 'csv or ndjson; csv when not given',
      choices: ['csv', 'ndjson'],
    },
    { flag: '--out <path>', description: 'the file to write; the output of the command when not given' },
  ],
  details:
    'Writes the predictions of a model, oldest first, as they are read: the log may be larger than the memory. In CSV every field of the rows has a column, input.NAME, and text that a spreadsheet would run as a formula gets an apostrophe before it.\nExit code: 0; 74 when the file cannot be written.',
  examples: [
    'riskops predictions export --since 30d --out predictions.csv',
    'riskops predictions export --model credit --format ndjson --with-outcomes --out credit.ndjson',
  ],
  async run({ flags, project, output, signal }) {
    const out = flags['out'] as string | undefined;
    const format = (flags['format'] as string | undefined) ?? 'csv';
    if (format !== 'csv' && format !== 'ndjson') {
      throw new RiskopsError('OPTION_INVALID', {
        what: `--format must be csv or ndjson, and is ${JSON.stringify(format)}.`,
      });
    }
    if (out === undefined && output.json) {
      throw new RiskopsError('OPTION_INVALID', {
        what: 'With --json the output is one document, and the predictions need a place of their own.',
        fix: 'riskops predictions export --json --out predictions.csv, or riskops predictions list --json',
      });
    }
    return withStore(project, 'read', async (store) => {
      const request = await predictionRequest(store, project, flags);
      const pieces =
        format === 'csv' ? predictionsAsCsv(store, request) : predictionsAsNdjson(store, request);
      if (out !== undefined) refuseOwnFiles(out, project.places);
      if (out === undefined) await writeOut(pieces, signal);
      else {
        output.progress(`writing ${out}`);
        const bytes = await writeFile(out, pieces, signal);
        output.result({ out, format, bytes, model: request.model }, () => [`Wrote ${out}: ${bytes} bytes.`]);
      }
      return undefined;
    });
  },
};

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
    throw explainFileError(error, path);
  }
}
