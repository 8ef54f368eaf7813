import { type Summary, summariseValues } from '../evaluation/summary.js';
import type { Store } from '../storage/store.js';
import { type GroupChoice, type GroupedRuns, groupRuns, type RunGroup } from '../tracking/compare-groups.js';

export interface SummarisedGroup extends Omit<RunGroup, 'metrics'> {
  metrics: Record<string, Summary>;
}

export interface GroupComparison extends Omit<GroupedRuns, 'groups'> {
  by: string;
  groups: SummarisedGroup[];
}

/**
 * What runs that differ in one parameter alone, such as the seed, say together of each metric: mean, standard deviation and the
 * interval of the mean.
 * @throws OPTION_INVALID, RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function compareBy(
  store: Store,
  by: string,
  choice: GroupChoice & { /** Of the intervals; 0.95. */ confidence?: number },
): Promise<GroupComparison> {
  const { groups, ...rest } = await groupRuns(store, by, choice);
  const summarise = ({ metrics, ...group }: RunGroup): SummarisedGroup => ({
    ...group,
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, values]) => [name, summariseValues(values, choice.confidence)]),
    ),
  });
  return { by, groups: groups.map(summarise), ...rest };
}
