import { taskOfClasses } from '../datasets/target.js';
import { type Comparison, type GainInterval, pairedBootstrap, type Scored } from '../evaluation/bootstrap.js';
import { metricsFor } from '../evaluation/metrics.js';
import type { Store } from '../storage/store.js';
import { findRun } from '../tracking/find-run.js';
import { type HoldoutScores, readScores } from './holdout-scores.js';

export type Difference = 'better' | 'worse' | 'not told apart';

/** A run's metric beside the base's, on the same rows. */
export interface ScoreDifference extends Pick<GainInterval, 'gain' | 'lower' | 'upper'> {
  metric: string;
  value: number;
  base: number;
  verdict: Difference;
}

export interface ComparedScores {
  run_id: string;
  /** Why it cannot be laid beside the base; null when it can. */
  why: string | null;
  differences: ScoreDifference[];
}

export interface ScoreComparison {
  /** The run that the others are compared with. */
  base: string;
  holdout_sha256: string | null;
  rows: number | null;
  /** Of each interval by itself, two-sided. */
  confidence: number;
  resamples: number;
  /** Why nothing is compared, where the base itself is the reason. */
  why: string | null;
  runs: ComparedScores[];
}

export interface CompareScoresOptions {
  /** A run's id or the beginning of it; the first of the runs when left out. */
  base?: string;
  /** Two-sided; 0.95. */
  confidence?: number;
  /** 2,000. */
  resamples?: number;
  signal?: AbortSignal;
}

/** Runs beyond so many would take minutes; they are named and left out. */
const MOST_COMPARED = 20;

/**
 * Whether runs differ from a base by more than chance, on the rows that both were held out from: the paired bootstrap of the kept
 * predictions, one interval a metric. Different holdouts are never compared: `why` says so.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function compareScores(
  store: Store,
  runs: readonly string[],
  { base: given = runs[0], confidence = 0.95, resamples = 2000, signal }: CompareScoresOptions = {},
): Promise<ScoreComparison> {
  const { run_id: base } = await findRun(store, given);
  const ids = new Set<string>();
  for (const run of runs) ids.add((await findRun(store, run)).run_id);
  ids.delete(base);
  const kept = await readScores(store, base);
  const baseFault = faultOfBase(kept);
  const compared: ComparedScores[] = [];
  for (const [place, run_id] of [...ids].entries()) {
    signal?.throwIfAborted();
    const scores = await readScores(store, run_id);
    const why =
      baseFault ??
      (place < MOST_COMPARED ? faultOf(scores, kept!) : `only the first ${MOST_COMPARED} runs are compared`);
    const differences = why === null ? differencesOf(scores!, kept!, { confidence, resamples }) : [];
    compared.push({ run_id, why, differences });
    // Each takes seconds: let signals in.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    base,
    holdout_sha256: kept?.holdoutSha256 ?? null,
    rows: kept?.target?.length ?? kept?.predictions.length ?? null,
    ...{ confidence, resamples },
    why: baseFault,
    runs: compared,
  };
}

function faultOfBase(base: HoldoutScores | null): string | null {
  if (base === null) return 'the base keeps no predictions of held-out rows';
  return base.target === null ? 'the base is from before runs kept what came true' : null;
}

/** Why two runs' predictions cannot be laid side by side; null when they can. */
function faultOf(scores: HoldoutScores | null, base: HoldoutScores): string | null {
  if (scores === null) return 'it keeps no predictions of held-out rows';
  if (scores.holdoutSha256 !== base.holdoutSha256) return 'its holdout is another than the base had';
  const [own, other] = [scores.signature.target, base.signature.target];
  if (own.name !== other.name) return `it predicts "${own.name}", and the base "${other.name}"`;
  if (JSON.stringify(own.classes) !== JSON.stringify(other.classes))
    return `its classes are ${JSON.stringify(own.classes)}, the base's ${JSON.stringify(other.classes)}`;
  return scores.predictions.length === base.predictions.length ? null : 'its predictions are not as many';
}

function differencesOf(
  scores: HoldoutScores,
  base: HoldoutScores,
  { confidence, resamples }: { confidence: number; resamples: number },
): ScoreDifference[] {
  const [candidate, other]: Scored[] = [scores, base];
  // mase needs the series before the holdout, which is not kept.
  const target = base.target as Float64Array;
  const comparisons = metricsFor(taskOfClasses(base.signature.target.classes), {}, target).map(
    (metric): Comparison => ({ metric, candidate, other }),
  );
  const found = pairedBootstrap(target, comparisons, {
    // Two bounds, each left open to half of what may go wrong.
    confidence: (1 + confidence) / 2,
    resamples,
    ...(base.times === null ? {} : { times: base.times }),
  });
  return found.map(({ candidate: value, other: baseValue, gain, lower, upper }, i) => ({
    metric: comparisons[i].metric.name,
    ...{ value, base: baseValue, gain, lower, upper },
    verdict: lower > 0 ? 'better' : upper < 0 ? 'worse' : 'not told apart',
  }));
}
