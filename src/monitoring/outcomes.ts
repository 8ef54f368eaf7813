import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { toJson } from '../util/json.js';
import { givenEntityKey } from './entity.js';
import { type OutcomeProblem, readOutcomeRows, type ToldOutcome } from './outcome-rows.js';
import { readOutcomeValue, shown } from './outcome-values.js';
import { type NewOutcome, writeOutcomes } from './outcome-writes.js';
import { PredictionFinder } from './prediction-finder.js';
import { type VersionFacts, VersionFactsReader } from './version-facts.js';

export interface AddOutcomesOptions {
  /** Who tells them, for the record. */
  actor: string;
  /** The fields that name a thing, by model; for outcomes that name a thing of several fields by an object. */
  entities?: Readonly<Record<string, readonly string[]>>;
  /** The values are text of a file: "0" may be the number 0. */
  fromText?: boolean;
  /** The number that each row has in messages; from 0. */
  rowNumbers?: readonly number[];
  /** Milliseconds since 1970, UTC; now. */
  now?: number;
}

/** What became of outcomes that were told; `added`, `unchanged` and `corrected` are all of them. */
export interface OutcomesAdded {
  received: number;
  /** The first that is told of a prediction, or of a thing at a time. */
  added: number;
  /** The same value again: nothing was written. */
  unchanged: number;
  /** Another value than before: it counts from now on, and the one before stays on record. */
  corrected: number;
  /** Of all: those of predictions that are not in the log, or not yet. They are kept, and count when it is. */
  unmatched: number;
}

const MOST_LISTED = 100;

interface Found {
  /** Null for a prediction that is not in the log. */
  facts: VersionFacts | null;
  model: string | null;
  isMatched: boolean;
}

/** Finds what an outcome speaks of; undefined when it cannot be meant, which `refuse` is told. */
async function findSubject(
  told: ToldOutcome,
  { finder, facts }: { finder: PredictionFinder; facts: VersionFactsReader },
  refuse: (field: string, problem: string) => void,
): Promise<Found | undefined> {
  const { prediction_id: id, model } = told;
  const prediction = id === null ? undefined : await finder.find(id);
  if (prediction !== undefined) {
    if (model !== null && model !== prediction.model) {
      refuse('model', `is ${model}, and the prediction is one of ${prediction.model}`);
      return undefined;
    }
    const own = await facts.of(prediction.model, prediction.version);
    return { facts: own, model: prediction.model, isMatched: true };
  }
  const own = model === null ? null : await facts.ofModel(model);
  if (model !== null && own === null && !(await facts.isOnRecord(model))) {
    refuse('model', `is ${model}, and there is no such model`);
    return undefined;
  }
  return { facts: own, model, isMatched: id === null };
}

/**
 * Keeps what really came of predictions: by the id of a prediction, or by the key of the thing that predictions are about. All of them
 * are on disk when this resolves, or none is. An outcome without a time that corrects one takes over its time.
 * @param given objects with `prediction_id`, or `model` and `entity`; with `value`, and `observed_at` or not
 * @throws RiskopsError VALIDATION_ERROR with every problem: a class that the model does not know, no finite number, no time
 */
export async function addOutcomes(
  store: Store,
  given: readonly unknown[],
  { actor, entities = {}, fromText = false, rowNumbers, now = Date.now() }: AddOutcomesOptions,
): Promise<OutcomesAdded> {
  const { rows, problems } = readOutcomeRows(given, now);
  if (problems.length > 0) throw refused(problems, rowNumbers);
  const [finder, facts] = [new PredictionFinder(store), new VersionFactsReader(store)];
  const outcomes = new Array<NewOutcome>(rows.length);
  let unmatched = 0;
  // In the order of their ids, which is the order of the log.
  for (const told of rows.slice().sort(byPrediction)) {
    const refuse = (field: string, problem: string) => problems.push({ row: told.row, field, problem });
    const found = await findSubject(told, { finder, facts }, refuse);
    if (found === undefined) continue;
    const read = readOutcomeValue(told.value, found.facts, fromText);
    if ('problem' in read) refuse('value', read.problem);
    const fields = Object.hasOwn(entities, told.model ?? '') ? entities[told.model ?? ''] : [];
    const entity = told.entity === undefined ? null : givenEntityKey(told.entity, fields);
    if (entity === undefined)
      refuse('entity', `is ${shown(told.entity)}, which names nothing of ${told.model}`);
    if ('problem' in read || entity === undefined) continue;
    if (!found.isMatched) unmatched++;
    outcomes[told.row] = {
      ...{ model: found.model, prediction_id: told.prediction_id, entity },
      ...{ value_json: toJson(read.value), observed_at: told.observed_at },
    };
  }
  if (problems.length > 0) throw refused(problems, rowNumbers);
  const counts = await writeOutcomes(store, outcomes, { actor, receivedAt: new Date(now).toISOString() });
  return { received: given.length, ...counts, unmatched };
}

const byPrediction = (a: ToldOutcome, b: ToldOutcome) => {
  const [x, y] = [a.prediction_id ?? '', b.prediction_id ?? ''];
  return x < y ? -1 : x > y ? 1 : a.row - b.row;
};

function refused(problems: OutcomeProblem[], rowNumbers: readonly number[] | undefined): RiskopsError {
  const numbered = problems
    .sort((a, b) => a.row - b.row)
    .map((problem) => ({ ...problem, row: rowNumbers?.[problem.row] ?? problem.row }));
  const [{ row, field, problem }] = numbered;
  return new RiskopsError('VALIDATION_ERROR', {
    what: `${problems.length === 1 ? 'An outcome does' : `${problems.length} values of outcomes do`} not fit, and none was kept.`,
    why: `row ${row}, ${field}: ${problem}.`,
    fix: 'mend the rows, and send all of them again: what is on record already counts once',
    details: { problems: numbered.slice(0, MOST_LISTED), problem_count: problems.length },
  });
}
