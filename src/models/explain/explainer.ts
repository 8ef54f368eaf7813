import type { ClassValue } from '../../datasets/target.js';
import { RiskopsError } from '../../errors.js';
import { likeliestClass } from '../../evaluation/multiclass-metrics.js';
import type { Explanation } from '../learner.js';
import type { ModelHeader } from '../model-header.js';
import type { Predictor } from '../predictor.js';
import { type MarginScale, marginScaleOf } from './margin-scale.js';

/** One feature's part in an answer. */
export interface Reason {
  /** A feature of the signature; what a step made of several has the name that the step gave it. */
  feature: string;
  /** As it was given; null when it is missing. Absent for what was made of several. */
  value?: unknown;
  /** The features that it was made of, with their values; only where they are several. */
  made_of?: Record<string, unknown>;
  /** What it adds to the margin. */
  contribution: number;
  direction: 'up' | 'down' | 'none';
}

/** Why a row is answered as it is: `base`, the contributions of `reasons` and `other` add up to `margin`. */
export interface RowExplanation {
  /** Of many classes the one that this is about: the one that was predicted. */
  class?: ClassValue;
  scale: MarginScale;
  /** The margin of a row of which nothing is known. */
  base: number;
  margin: number;
  /** Those that add most, up or down, the greatest first. */
  reasons: Reason[];
  /** What all other features add together. */
  other: number;
}

/** The value of a feature of a row, as it was given. */
export type GivenValue = (feature: string) => unknown;

/** The learner's inputs that stand for one feature. */
interface Group {
  name: string;
  sources: readonly string[];
  inputs: number[];
}

/** The inputs by the one feature that they were made of; what was made of several stands for itself. */
function groupsOf({ inputs, sources }: Pick<Predictor, 'inputs' | 'sources'>): Group[] {
  const groups = new Map<string, Group>();
  for (const [i, name] of inputs.entries()) {
    const isOwn = sources[i].length !== 1;
    const key = isOwn ? `made ${name}` : `feature ${sources[i][0]}`;
    const group = groups.get(key);
    if (group) group.inputs.push(i);
    else groups.set(key, { name: isOwn ? name : sources[i][0], sources: sources[i], inputs: [i] });
  }
  return [...groups.values()];
}

function unavailable({ learner }: ModelHeader): RiskopsError {
  return new RiskopsError('EXPLANATION_UNAVAILABLE', {
    what: 'This model cannot be explained row by row.',
    why: `Its learner ${learner.name} does not say what its answers are made of.`,
    fix: 'ask without an explanation, or promote a gradient-boosting, random-forest, logistic or ridge model',
    details: { learner: learner.name },
  });
}

/** Explains the rows of one model. */
export class Explainer {
  readonly #groups: readonly Group[];
  readonly #scale: MarginScale;

  /** @throws RiskopsError EXPLANATION_UNAVAILABLE when the learner cannot say */
  constructor(private readonly predictor: Predictor) {
    const scale = marginScaleOf(predictor);
    if (scale === null) throw unavailable(predictor.header);
    this.#scale = scale;
    this.#groups = groupsOf(predictor);
  }

  /** What the learner says of rows: the answer is explained by `explainRow`. */
  explainCells(cells: Float64Array, rowCount: number): Explanation {
    const { explainCells, header } = this.predictor;
    if (explainCells === undefined) throw unavailable(header);
    return explainCells(cells, rowCount);
  }

  /**
   * One row of an explanation.
   * @param answer the row's own answer: one number, or one a class
   * @param top how many reasons
   */
  explainRow(
    explanation: Explanation,
    row: number,
    answer: Float64Array,
    { top, given }: { top: number; given: GivenValue },
  ): RowExplanation {
    const { header, inputs, outputs } = this.predictor;
    const output = outputs === 1 ? 0 : likeliestClass(answer, 0, outputs);
    const from = (row * outputs + output) * inputs.length;
    const parts = this.#groups.map((group) => ({
      group,
      contribution: group.inputs.reduce((sum, i) => sum + explanation.contributions[from + i], 0),
    }));
    parts.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
    const base = explanation.base[output];
    const sumOf = (some: typeof parts) => some.reduce((sum, part) => sum + part.contribution, 0);
    return {
      ...(outputs === 1 ? {} : { class: header.classes?.[output] }),
      scale: this.#scale,
      base,
      margin: base + sumOf(parts),
      reasons: parts.slice(0, top).map(({ group, contribution }) => reasonOf(group, contribution, given)),
      other: sumOf(parts.slice(top)),
    };
  }
}

function reasonOf({ name, sources }: Group, contribution: number, given: GivenValue): Reason {
  const direction = contribution > 0 ? 'up' : contribution < 0 ? 'down' : 'none';
  const valued = (feature: string) => given(feature) ?? null;
  if (sources.length === 1) return { feature: name, value: valued(sources[0]), contribution, direction };
  // Object.fromEntries defines names such as __proto__ as any other.
  const made_of = Object.fromEntries(sources.map((source) => [source, valued(source)]));
  return { feature: name, made_of, contribution, direction };
}
