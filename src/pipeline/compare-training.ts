import type { Store } from '../storage/store.js';
import { metricHistory } from '../tracking/read-runs.js';

/** A metric that did not come out again, at the first step where it did not. */
export interface MetricDifference {
  metric: string;
  step: number;
  /** null where the one side has no such step. */
  recorded: number | null;
  reproduced: number | null;
}

export interface MetricsComparison {
  /** Metrics that both runs have. */
  compared: number;
  /** Points of these metrics. */
  points: number;
  different: MetricDifference[];
  only_recorded: string[];
  only_reproduced: string[];
}

interface Side {
  store: Store;
  run_id: string;
  metrics: Record<string, number>;
}

/** Compares every point of every metric of two runs bit for bit: NaN is NaN, and -0 is not 0. */
export async function compareMetricsExactly(recorded: Side, reproduced: Side): Promise<MetricsComparison> {
  const names = Object.keys(recorded.metrics);
  const both = names.filter((name) => Object.hasOwn(reproduced.metrics, name));
  const different: MetricDifference[] = [];
  let points = 0;
  for (const metric of both) {
    const was = await metricHistory(recorded.store, recorded.run_id, metric);
    const is = await metricHistory(reproduced.store, reproduced.run_id, metric);
    points += was.length;
    const at = Array.from({ length: Math.max(was.length, is.length) }, (_, i) => i).find(
      (i) => was[i]?.step !== is[i]?.step || !Object.is(was[i]?.value, is[i]?.value),
    );
    if (at === undefined) continue;
    const step = (was[at] ?? is[at]).step;
    different.push({ metric, step, recorded: was[at]?.value ?? null, reproduced: is[at]?.value ?? null });
  }
  return {
    compared: both.length,
    points,
    different,
    only_recorded: names.filter((name) => !both.includes(name)),
    only_reproduced: Object.keys(reproduced.metrics).filter((name) => !both.includes(name)),
  };
}
