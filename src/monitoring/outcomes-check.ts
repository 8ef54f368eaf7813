import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { toJson } from '../util/json.js';
import { givenEntityKey } from './entity.js';
import { type OutcomeProblem, readOutcomeRows, type ToldOutcome } from './outcome-rows.js';
import { readOutcomeValue, shown } from './outcome-values.js';
import type { NewOutcome } from './outcome-writes.js';
import { PredictionFinder } from './prediction-finder.js';
import { type VersionFacts, VersionFactsReader } from './version-facts.js';

/** How outcomes that are told are to be read. */
export interface CheckOptions {
  /** The fields that name a thing, by model; for outcomes that name a thing of several fields by an object. */
  entities?: Readonly<Record<string, readonly string[]>>;
  /** The values are text of a file: "0" may be the number 0. */
  fromText?: boolean;
  /** Milliseconds since 1970, UTC. */
  now: number;
}

/** Outcomes that were looked at: ready to be written when there is no problem. */
export interface CheckedOutcomes {
  outcomes: NewOutcome[];
  /** Those of predictions that are not in the log. */
  unmatched: number;
  /** Those that were seen more than a day before their prediction was made. */
  early: number;
  /** Models whose things are named. */
  models: Set<string>;
  problems: OutcomeProblem[];
}

const MOST_LISTED = 100;

/** Clocks differ, and a day alone is its beginning in UTC. */
const BEFORE_MS = 86_400_000;

interface Found {
  /** Null for a prediction that is not in the log. */
  facts: VersionFacts | null;
  model: string | null;
  isMatched: boolean;
  /** When the prediction was made; null for a thing, and for a prediction that is not in the log. */
  at: string | null;
}

const byPrediction = (a: ToldOutcome, b: ToldOutcome) => {
  const [x, y] = [a.prediction_id ?? '', b.prediction_id ?? ''];
  return x < y ? -1 : x > y ? 1 : a.row - b.row;
};

const isEarly = ({ observed_at }: ToldOutcome, { at }: Found) =>
  observed_at !== null && at !== null && Date.parse(observed_at) < Date.parse(at) - BEFORE_MS;

/** Looks at outcomes before they are written; what it has read of the log and of the models serves the next ones too. */
export class OutcomeChecker {
  readonly #finder: PredictionFinder;
  readonly #facts: VersionFactsReader;

  constructor(
    store: Store,
    private readonly options: CheckOptions,
  ) {
    this.#finder = new PredictionFinder(store);
    this.#facts = new VersionFactsReader(store);
  }

  async check(given: readonly unknown[]): Promise<CheckedOutcomes> {
    const { entities = {}, fromText = false, now } = this.options;
    const { rows, problems } = readOutcomeRows(given, now);
    if (problems.length > 0) return { outcomes: [], unmatched: 0, early: 0, models: new Set(), problems };
    const outcomes = new Array<NewOutcome>(rows.length);
    let [unmatched, early] = [0, 0];
    const models = new Set<string>();
    // In the order of their ids, which is the order of the log.
    for (const told of rows.slice().sort(byPrediction)) {
      const refuse = (field: string, problem: string) => problems.push({ row: told.row, field, problem });
      const found = await this.#findSubject(told, refuse);
      if (found === undefined) continue;
      const read = readOutcomeValue(told.value, found.facts, fromText);
      if ('problem' in read) refuse('value', read.problem);
      const fields = Object.hasOwn(entities, told.model ?? '') ? entities[told.model ?? ''] : [];
      const entity = told.entity === undefined ? null : givenEntityKey(told.entity, fields);
      if (entity === undefined)
        refuse('entity', `is ${shown(told.entity)}, which names nothing of ${told.model}`);
      if ('problem' in read || entity === undefined) continue;
      if (!found.isMatched) unmatched++;
      if (isEarly(told, found)) early++;
      if (entity !== null && found.model !== null) models.add(found.model);
      outcomes[told.row] = {
        ...{ model: found.model, prediction_id: told.prediction_id, entity },
        ...{ value_json: toJson(read.value), observed_at: told.observed_at },
      };
    }
    return { outcomes, unmatched, early, models, problems };
  }

  /** Finds what an outcome speaks of; undefined when it cannot be meant, which `refuse` is told. */
  async #findSubject(
    told: ToldOutcome,
    refuse: (field: string, problem: string) => void,
  ): Promise<Found | undefined> {
    const { prediction_id: id, model } = told;
    const prediction = id === null ? undefined : await this.#finder.find(id);
    if (prediction !== undefined) {
      if (model !== null && model !== prediction.model) {
        refuse('model', `is ${model}, and the prediction is one of ${prediction.model}`);
        return undefined;
      }
      const own = await this.#facts.of(prediction.model, prediction.version);
      return { facts: own, model: prediction.model, isMatched: true, at: prediction.at };
    }
    const own = model === null ? null : await this.#facts.ofModel(model);
    if (model !== null && own === null && !(await this.#facts.isOnRecord(model))) {
      refuse('model', `is ${model}, and there is no such model`);
      return undefined;
    }
    return { facts: own, model, isMatched: id === null, at: null };
  }
}

/** The problems of outcomes, of which the first ones are kept and all are counted. */
export class OutcomeProblems {
  #count = 0;
  readonly #listed: OutcomeProblem[] = [];

  get count(): number {
    return this.#count;
  }

  /** @param found of rows that come behind those of before; `row` as messages name it */
  add(found: readonly OutcomeProblem[]): void {
    this.#count += found.length;
    const sorted = found.slice().sort((a, b) => a.row - b.row);
    this.#listed.push(...sorted.slice(0, MOST_LISTED - this.#listed.length));
  }

  /** @throws RiskopsError VALIDATION_ERROR when there is one */
  refuse(): void {
    if (this.#count === 0) return;
    const [{ row, field, problem }] = this.#listed;
    throw new RiskopsError('VALIDATION_ERROR', {
      what: `${this.#count === 1 ? 'An outcome does' : `${this.#count} values of outcomes do`} not fit, and none was kept.`,
      why: `row ${row}, ${field}: ${problem}.`,
      fix: 'mend the rows, and send all of them again: what is on record already counts once',
      details: { problems: this.#listed, problem_count: this.#count },
    });
  }
}
