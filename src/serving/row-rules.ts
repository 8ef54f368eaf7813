import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BrokenCheck,
  brokenError,
  type Check,
  checkFieldsKnown,
  compileChecks,
  parseChecks,
  type RowCheck,
} from '../datasets/checks/checks.js';
import { lookUpRows } from '../datasets/lookups/look-up-rows.js';
import { Lookup } from '../datasets/lookups/lookup.js';
import { checkFeaturesKnown, type LookupSpec, parseLookups } from '../datasets/lookups/parse-lookups.js';
import { SourceError } from '../datasets/lookups/source.js';
import type { Signature } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import type { PredictHooks } from './context.js';
import { checkTime, type TimeLimit } from './scoring-lane.js';

/** What the config says of one model, as parsed JSON; null for nothing. */
export interface RowRulesConfig {
  checks: unknown;
  lookups: unknown;
}

export interface RowRulesOptions {
  /** Names that rows of a model may have besides features and keys. */
  beside?: (model: string) => readonly string[];
  /** Told, in one line, what an operator should see. */
  onTrouble: (line: string) => void;
}

/** The checks and lookups of one model. */
interface ModelRules {
  checks: readonly Check[];
  lookups: readonly Lookup[];
  /** Names that its rows may have besides the features. */
  beside: readonly string[];
}

/** Checks run so long at a time; what else arrives is answered in between. */
const SLICE_MS = 5;
const SLICE_ROWS = 64;
const MOST_LISTED = 100;

/** Of a signature, the checks made ready. */
interface Compiled {
  rowCheck: RowCheck;
  placeOf: ReadonlyMap<string, number>;
}

/** What the config demands of rows, and adds to them, before they are scored: the hook `prepare` of a server. */
export class RowRules {
  readonly #models = new Map<string, ModelRules>();
  readonly #compiled = new WeakMap<Signature, Compiled>();

  /**
   * @param configs by model
   * @throws RiskopsError CHECKS_INVALID naming the first fault and its place
   */
  constructor(
    configs: ReadonlyMap<string, RowRulesConfig>,
    private readonly options: RowRulesOptions,
  ) {
    // All is parsed before any source is opened.
    const parsed = [...configs].map(([model, config]) => ({
      model,
      checks: parseChecks(config.checks),
      specs: parseLookups(config.lookups),
    }));
    for (const { model, checks, specs } of parsed) {
      const beside = [...new Set([...specs.map(({ key }) => key), ...(options.beside?.(model) ?? [])])];
      const lookups = specs.map((spec) => new Lookup(spec));
      this.#models.set(model, { checks, lookups, beside });
    }
  }

  /** Whether any model has a check or a lookup. */
  get isEmpty(): boolean {
    return [...this.#models.values()].every(({ checks, lookups }) => checks.length + lookups.length === 0);
  }

  /** Names that a model's rows may have besides its features. */
  beside(model: string): readonly string[] {
    return this.#models.get(model)?.beside ?? this.options.beside?.(model) ?? [];
  }

  /**
   * Holds the rules of a model to the signature that is current, and asks its sources once.
   * @throws RiskopsError CHECKS_INVALID for a field or feature that the model does not have, or a query that cannot be run; a source
   *   that does not answer is only told
   */
  async start(model: string, signature: Signature | null): Promise<void> {
    const rules = this.#models.get(model);
    if (rules === undefined) return;
    if (signature !== null) {
      checkFieldsKnown(rules.checks, signature, rules.beside);
      compileChecks(rules.checks, signature);
      checkFeaturesKnown(
        rules.lookups.map(({ spec }) => spec),
        signature,
      );
    }
    for (const lookup of rules.lookups) await this.#probe(lookup);
  }

  /** The hook; null when there is nothing to check or to look up. */
  get prepare(): PredictHooks['prepare'] {
    if (this.isEmpty) return null;
    return async ({ name, header: { signature } }, rows, limit) => {
      const rules = this.#models.get(name);
      if (rules === undefined) return rows;
      const whole = await lookUpRows(rows, rules.lookups, signature, this.options.onTrouble);
      if (rules.checks.length > 0) await this.#check(rules, signature, whole, limit);
      return whole;
    };
  }

  async close(): Promise<void> {
    const lookups = [...this.#models.values()].flatMap((rules) => rules.lookups);
    await Promise.all(lookups.map((lookup) => lookup.close()));
  }

  async #probe(lookup: Lookup): Promise<void> {
    const { key } = lookup.spec;
    try {
      await lookup.probe();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const why = printable(error.message, 300);
      if (error.isQuery) throw badQuery(lookup.spec, why);
      this.options.onTrouble(`The lookup by ${printable(key, 60)} gives nothing: ${why}.`);
    }
  }

  /** A later version may have other features: its rows are checked by what the rules can still say of them. */
  #ready({ checks, beside }: ModelRules, signature: Signature): Compiled {
    const known = this.#compiled.get(signature);
    if (known !== undefined) return known;
    const placeOf = new Map(signature.features.map(({ name }, i) => [name, i]));
    const usable = checks.filter((check) => {
      try {
        checkFieldsKnown([check], signature, beside);
        compileChecks([check], signature);
        return true;
      } catch (error) {
        this.options.onTrouble(
          `A check does not fit the version that answers now: ${(error as Error).message}`,
        );
        return false;
      }
    });
    const compiled = { rowCheck: compileChecks(usable, signature), placeOf };
    this.#compiled.set(signature, compiled);
    return compiled;
  }

  async #check(
    rules: ModelRules,
    signature: Signature,
    rows: readonly unknown[],
    limit: TimeLimit,
  ): Promise<void> {
    const { rowCheck, placeOf } = this.#ready(rules, signature);
    const broken: BrokenCheck[] = [];
    let begun = performance.now();
    for (const [i, row] of rows.entries()) {
      if (i % SLICE_ROWS === SLICE_ROWS - 1 && performance.now() - begun > SLICE_MS) {
        await nextTurn();
        checkTime(limit);
        begun = performance.now();
      }
      broken.push(...rowCheck((field) => valueIn(row, field, placeOf), i));
      if (broken.length > MOST_LISTED) break;
    }
    if (broken.length > 0) throw brokenError('VALIDATION_ERROR', broken, { rows: rows.length, first: 0 });
  }
}

/** What a row says of a field, by name or by position; undefined when nothing. */
function valueIn(row: unknown, field: string, placeOf: ReadonlyMap<string, number>): unknown {
  if (Array.isArray(row)) {
    const place = placeOf.get(field);
    return place === undefined ? undefined : row[place];
  }
  return typeof row === 'object' && row !== null && Object.hasOwn(row, field)
    ? (row as Record<string, unknown>)[field]
    : undefined;
}

function badQuery({ key }: LookupSpec, why: string): RiskopsError {
  return new RiskopsError('CHECKS_INVALID', {
    what: `The query of the lookup by ${printable(key, 60)} cannot be run.`,
    why,
    fix: 'mend "lookups" of the model in riskops.config',
  });
}
