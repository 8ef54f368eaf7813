import { dirname } from 'node:path';
import { columnNotFound } from '../datasets/table.js';
import { type CellText, columnNamesOf, forEachTextPiece, type TextPiece } from '../datasets/text-pieces.js';
import { catalogue, RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { type NewOutcome, writeOutcomes } from './outcome-writes.js';
import { earlyNotes, type OutcomesAdded } from './outcomes.js';
import { OutcomeChecker, OutcomeProblems } from './outcomes-check.js';
import { entityNote } from './outcomes-entity.js';
import { OutcomesSpool } from './outcomes-spool.js';

export interface OutcomesFile {
  path: string;
  /** The column with the ids of predictions, or that with the keys of things; `prediction_id` or `entity` when neither is named. */
  idColumn?: string;
  /** Several columns where several fields name a thing, in their order. */
  entityColumns?: readonly string[];
  /** `value` when left out. */
  valueColumn?: string;
  /** `observed_at` where the file has it. */
  timeColumn?: string;
  /** The model of every row; else the column `model`, where the file has it. */
  model?: string;
}

export interface FileOptions {
  /** Who tells them, for the record. */
  actor: string;
  /** The fields that name a thing of a model, to tell when its predictions do not carry them; nothing is told without it. */
  entityOf?: (model: string) => readonly string[];
  /** Ends the work between two pieces, with its reason. */
  signal?: AbortSignal;
  /** Told when rows were read, and after each piece that is on disk. */
  onProgress?: (progress: { read: number; written: number }) => void;
}

export interface FileAdded extends OutcomesAdded {
  /** Rows without a value: nothing is known yet. They are not among those received. */
  blank: number;
}

/** Rows that are looked at together: those of a part of the log are found with one reading of it. */
const CHECKED_AT_ONCE = 50_000;

/** Rows of a transaction: others who write wait for some tens of milliseconds, and get their turn while the next rows are read. */
const WRITTEN_AT_ONCE = 5_000;

interface Columns {
  /** Those that are read, each by its name. */
  names: string[];
  id?: string;
  entity: readonly string[];
  value: string;
  time?: string;
  model?: string;
}

/** The columns that name what an outcome is about. */
function subjectColumns({ idColumn, entityColumns = [] }: OutcomesFile, names: readonly string[]) {
  if (idColumn !== undefined && entityColumns.length > 0) {
    throw new RiskopsError('OPTION_INVALID', {
      what: 'Both a column of ids and one of entities are named.',
      why: 'An outcome is one of a prediction, or one of a thing.',
      fix: 'leave out --id-column or --entity-column',
    });
  }
  if (idColumn !== undefined || entityColumns.length > 0) return { id: idColumn, entity: entityColumns };
  return names.includes('prediction_id') || !names.includes('entity')
    ? { id: 'prediction_id', entity: entityColumns }
    : { entity: ['entity'] };
}

async function chooseColumns(file: OutcomesFile): Promise<Columns> {
  const known = await columnNamesOf(file.path);
  const usual = (name: string) => (known.includes(name) ? name : undefined);
  const subject = subjectColumns(file, known);
  const value = file.valueColumn ?? 'value';
  const time = file.timeColumn ?? usual('observed_at');
  const model = file.model === undefined ? usual('model') : undefined;
  const all = [subject.id, ...subject.entity, value, time, model].filter((name) => name !== undefined);
  const names = [...new Set(all)];
  const lost = names.find((name) => !known.includes(name));
  if (lost !== undefined) {
    const flags: [string, string][] = subject.entity.map((name) => [name, 'entity']);
    if (subject.id !== undefined) flags.push([subject.id, 'id']);
    const flag = flags.find(([name]) => name === lost)?.[1] ?? (lost === value ? 'value' : 'time');
    throw columnNotFound(lost, known, `riskops outcomes add --file FILE --${flag}-column NAME`);
  }
  return { ...subject, names, value, time, model };
}

/** The outcomes of a piece, and the row of each in the piece; those without a value are left out. */
function outcomesIn({ rowCount, columns }: TextPiece, { names, ...chosen }: Columns, model?: string) {
  const textsOf = (name: string | undefined): CellText[] | undefined =>
    name === undefined ? undefined : columns[names.indexOf(name)];
  const [ids, values, times, models] = [chosen.id, chosen.value, chosen.time, chosen.model].map(textsOf);
  const keys = chosen.entity.map(textsOf);
  const given: unknown[] = [];
  const rows: number[] = [];
  for (let row = 0; row < rowCount; row++) {
    const value = values?.[row] ?? null;
    if (value === null) continue;
    const entity = keys.map((texts) => texts?.[row] ?? null);
    const own = model ?? models?.[row] ?? undefined;
    rows.push(row);
    given.push({
      ...(ids === undefined ? {} : { prediction_id: ids[row] }),
      ...(keys.length === 0 ? {} : { entity: entity.length === 1 ? entity[0] : entity }),
      ...(own === undefined ? {} : { model: own }),
      ...(times?.[row] == null ? {} : { observed_at: times[row] }),
      value,
    });
  }
  return { given, rows };
}

/** Neighbours in the index are written together; what is told of one thing twice keeps its order, and the last of it counts. */
function bySubject(a: NewOutcome, b: NewOutcome): number {
  const [x, y] = [a.prediction_id ?? a.entity ?? '', b.prediction_id ?? b.entity ?? ''];
  return x < y ? -1 : x > y ? 1 : 0;
}

interface Checked {
  received: number;
  blank: number;
  unmatched: number;
  early: number;
  /** The models whose things the outcomes name. */
  models: Set<string>;
}

/** Reads and checks all rows, and puts them into the spool; throws when one of them does not fit. */
async function checkFile(
  store: Store,
  file: OutcomesFile,
  { spool, now, signal, onProgress }: FileOptions & { spool: OutcomesSpool; now: number },
): Promise<Checked> {
  const columns = await chooseColumns(file);
  const checker = new OutcomeChecker(store, { fromText: true, now });
  const problems = new OutcomeProblems();
  const checked: Checked = { received: 0, blank: 0, unmatched: 0, early: 0, models: new Set() };
  let read = 0;
  await forEachTextPiece(
    file.path,
    { columns: columns.names, rowsAtOnce: CHECKED_AT_ONCE },
    async (piece) => {
      signal?.throwIfAborted();
      const { given, rows } = outcomesIn(piece, columns, file.model);
      const { outcomes, problems: found, ...counted } = await checker.check(given);
      // Rows are counted from 1, as in the file.
      problems.add(found.map((problem) => ({ ...problem, row: read + rows[problem.row] + 1 })));
      read += piece.rowCount;
      checked.received += given.length;
      checked.blank += piece.rowCount - given.length;
      checked.unmatched += counted.unmatched;
      checked.early += counted.early;
      onProgress?.({ read, written: 0 });
      if (problems.count > 0) return;
      for (const model of counted.models) checked.models.add(model);
      outcomes.sort(bySubject);
      for (let from = 0; from < outcomes.length; from += WRITTEN_AT_ONCE)
        await spool.add(outcomes.slice(from, from + WRITTEN_AT_ONCE));
    },
  );
  problems.refuse();
  return checked;
}

/** What the file lacks is for this command, where the error's own next step is to train. */
function notTraining(error: unknown): never {
  if (!(error instanceof RiskopsError) || error.fix !== catalogue[error.code].next) throw error;
  if (error.code !== 'DATA_FILE_NOT_FOUND' && error.code !== 'DATA_UNREADABLE') throw error;
  const { code, message: what, why, details } = error;
  const fix = 'riskops outcomes add --file FILE --value-column NAME';
  throw new RiskopsError(code, { what, why, fix, details, cause: error });
}

/** An error between two pieces says what is on record. */
function stopped(error: unknown, written: number, all: number): unknown {
  if (!(error instanceof RiskopsError) || written === 0) return error;
  const { code, message: what, why, details } = error;
  const fix = `${written} of ${all} outcomes are on record: run the same command again, and they count once`;
  return new RiskopsError(code, { what, why, fix, details, cause: error });
}

/** Writes what was checked, each piece in a durable transaction of its own. */
async function writePieces(
  store: Store,
  spool: OutcomesSpool,
  { all, now, actor, signal, onProgress }: FileOptions & { all: number; now: number },
) {
  const total = { added: 0, unchanged: 0, corrected: 0 };
  const by = { actor, receivedAt: new Date(now).toISOString() };
  let written = 0;
  try {
    for await (const outcomes of spool.blocks()) {
      signal?.throwIfAborted();
      const counts = await writeOutcomes(store, outcomes, by);
      for (const key of ['added', 'unchanged', 'corrected'] as const) total[key] += counts[key];
      written += outcomes.length;
      onProgress?.({ read: all, written });
    }
  } catch (error) {
    throw stopped(error, written, all);
  }
  return total;
}

/**
 * Adds the outcomes of a table: CSV, NDJSON, JSON or Parquet. Text means what it says: `1` is the number or the class. All rows are
 * checked before the first is written; then pieces of 5,000 are written, each in a durable transaction. When the work ends between
 * two of them, a part of the rows is on record, and the same file again adds the others and counts that part as unchanged.
 * @throws RiskopsError as `readTable`, COLUMN_NOT_FOUND, OPTION_INVALID, STORE_IO, and VALIDATION_ERROR which counts the file's rows from 1
 */
export async function addOutcomesOfFile(
  store: Store,
  file: OutcomesFile,
  options: FileOptions,
): Promise<FileAdded> {
  const now = Date.now();
  const spool = await OutcomesSpool.open(dirname(store.places.database));
  try {
    const { models, ...checked } = await checkFile(store, file, { ...options, spool, now }).catch(
      notTraining,
    );
    const counts = await writePieces(store, spool, { ...options, all: checked.received, now });
    const notes = earlyNotes(checked.early);
    for (const model of options.entityOf === undefined ? [] : models) {
      const note = await entityNote(store, model, options.entityOf?.(model) ?? []);
      if (note !== undefined) notes.push(note);
    }
    return { ...counts, ...checked, notes };
  } finally {
    await spool.close();
  }
}
