import { csvLine } from '../datasets/csv-cell.js';
import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { toJson } from '../util/json.js';
import { type JoinedOutcome, joinOutcomes } from './join-outcomes.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { type PredictionsOf, predictionsOf } from './read-predictions.js';
import { VersionFactsReader } from './version-facts.js';

export interface ExportRequest extends PredictionsOf {
  withOutcomes?: boolean;
  /** The fields of a row that name the thing that outcomes are told about. */
  entity?: readonly string[];
}

/** A prediction with what came of it; `outcome` is there only when it was asked for, and null where nothing was told yet. */
export type ExportedPrediction = LoggedPrediction & {
  outcome?: Pick<JoinedOutcome, 'value' | 'observed_at'> | null;
};

/** A row with more fields than this comes from somebody who makes them up. */
const MOST_FIELDS = 10_000;

/** The predictions of a model in chunks, oldest first, with their outcomes where they are asked for. */
export async function* exportedPredictions(
  store: Store,
  { withOutcomes = false, entity = [], ...asked }: ExportRequest,
): AsyncGenerator<ExportedPrediction[]> {
  const facts = new VersionFactsReader(store);
  const featuresOf = async (version: number) => (await facts.of(asked.model, version))?.features ?? null;
  for await (const chunk of predictionsOf(store, asked)) {
    if (!withOutcomes) {
      yield chunk;
      continue;
    }
    const outcomes = await joinOutcomes(store, chunk, { entity, featuresOf });
    yield chunk.map((entry, i) => {
      const found = outcomes[i];
      const outcome = found === undefined ? null : { value: found.value, observed_at: found.observed_at };
      return { ...entry, outcome };
    });
  }
}

/** One JSON object a line. */
export async function* predictionsAsNdjson(store: Store, request: ExportRequest): AsyncGenerator<string> {
  for await (const chunk of exportedPredictions(store, request))
    yield chunk.map((entry) => `${toJson(entry)}\n`).join('');
}

/** Names the values of rows; those of an array by the version's features, or by their places where its file is gone. */
export class RowReader {
  readonly #facts: VersionFactsReader;

  constructor(
    store: Store,
    private readonly model: string,
  ) {
    this.#facts = new VersionFactsReader(store);
  }

  async fieldsOf({ inputs, version }: LoggedPrediction): Promise<[string, unknown][]> {
    if (typeof inputs !== 'object' || inputs === null) return [];
    if (!Array.isArray(inputs)) return Object.entries(inputs);
    const features = (await this.#facts.of(this.model, version))?.features;
    return inputs.map((value, i) => [features?.[i] ?? String(i + 1), value]);
  }
}

const COLUMNS = [
  ...(['id', 'at', 'request_id', 'model', 'version', 'prediction', 'class', 'probabilities'] as const),
  ...(['canary', 'shadow_of'] as const),
];

/**
 * CSV: a column for each field of the rows, called `input.NAME`. The log is read twice, since the first line names the columns; what is
 * logged after the call is left out.
 * @throws RiskopsError OPTION_INVALID when the rows have too many fields
 */
export async function* predictionsAsCsv(
  store: Store,
  { to = new Date().toISOString(), ...others }: ExportRequest,
): AsyncGenerator<string> {
  const request: ExportRequest = { ...others, to };
  const rows = new RowReader(store, request.model);
  const names = new Set<string>();
  for await (const chunk of predictionsOf(store, request)) {
    for (const entry of chunk) for (const [name] of await rows.fieldsOf(entry)) names.add(name);
    if (names.size > MOST_FIELDS) throw tooManyFields();
  }
  const fields = [...names];
  const outcomeColumns = request.withOutcomes ? ['outcome', 'observed_at'] : [];
  yield csvLine([...COLUMNS, ...outcomeColumns, 'redacted', ...fields.map((name) => `input.${name}`)]);
  for await (const chunk of exportedPredictions(store, request)) {
    let lines = '';
    for (const entry of chunk) {
      const values = new Map(await rows.fieldsOf(entry));
      lines += csvLine([
        ...COLUMNS.map((column) => entry[column]),
        ...(request.withOutcomes ? [entry.outcome?.value, entry.outcome?.observed_at] : []),
        entry.redacted?.join(' '),
        ...fields.map((name) => values.get(name)),
      ]);
    }
    yield lines;
  }
}

function tooManyFields(): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `The rows have more than ${MOST_FIELDS} different fields.`,
    why: 'CSV has a column for each.',
    fix: 'riskops predictions export --format ndjson',
  });
}
