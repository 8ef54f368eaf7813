import { RiskopsError } from '../errors.js';
import { metrics } from '../evaluation/metrics.js';
import { RUN_STATUSES } from '../tracking/liveness.js';
import type { FilterErrorDetails } from '../tracking/search/filter-error.js';
import { listRuns, type RunPage } from '../tracking/search/list-runs.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import type { Output } from './output.js';
import { withStore } from './project-store.js';
import { runsTable } from './runs-table.js';

export const command: Command = {
  options: [
    {
      flag: '--where <filter>',
      description: 'only the runs that fit, such as "metrics.auc > .8 and start > 7d"',
    },
    { flag: '--order <keys>', description: 'such as "metrics.auc desc, start"; newest first when not given' },
    { flag: '--limit <number>', description: 'how many; 20 when not given' },
    { flag: '--after <mark>', description: 'go on after a page, with the mark that it ended with' },
    { flag: '--offset <number>', description: 'how many to pass over first; 0 when not given' },
    { flag: '--columns <names>', description: 'such as "name, params.depth, best(metrics.auc)"' },
    { flag: '--model <name>', description: 'only the runs of this model' },
    { flag: '--kind <kind>', description: 'only the runs of this kind' },
    {
      flag: '--status <status>',
      description: 'only RUNNING, FINISHED, FAILED, KILLED or LOST',
      choices: RUN_STATUSES,
    },
    { flag: '--deleted', description: 'the runs in the trash' },
    { flag: '--tree', description: 'children below their parents, with the parents of what fits' },
  ],
  details:
    'A filter knows AND OR NOT, ( ), = != < <= > >=, IN, BETWEEN, LIKE and IS NULL over id, name, kind, model, status, start, end, duration, note, error, group, parent, host, git.commit, git.branch, git.dirty, protected, data, params.X, tags.X, metrics.X, and last, min, max, mean, best, count of a metric. docs/guides/search.md has it all.',
  examples: [
    'riskops runs list',
    'riskops runs list --model credit --limit 5 --json',
    'riskops runs list --where "metrics.auc > 0.75 and params.learner = \'ridge\'" --order "metrics.auc desc"',
    'riskops runs list --where "start > 7d and status != \'FINISHED\'" --columns "status, error"',
    'riskops runs list --tree --where "status = \'FAILED\'"',
  ],
  async run({ flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const text = (name: string) => flags[name] as string | undefined;
      const columns = text('columns');
      const page = await pointingAtErrors(output, () =>
        listRuns(store, {
          limit: wholeNumber(flags, 'limit', { min: 1, max: 1000, otherwise: 20 }),
          offset: wholeNumber(flags, 'offset', { min: 0, otherwise: 0 }),
          after: text('after'),
          model: text('model'),
          kind: text('kind'),
          status: text('status'),
          where: text('where'),
          order: text('order'),
          columns,
          deleted: flags['deleted'] === true,
          ancestors: flags['tree'] === true,
          includeMetrics: columns === undefined,
          directions: (name) => metrics.find((metric) => metric.name === name)?.direction,
        }),
      );
      output.result(page, () => (page.items.length === 0 ? [noneText(page, flags)] : runsTable(page)));
      for (const line of goingOn(page)) output.talk(line);
      return undefined;
    });
  },
};

/** Shows the filter with a caret below the character that an error is about. */
async function pointingAtErrors<T>(output: Output, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RiskopsError && error.code === 'RUN_FILTER_INVALID' && !output.json)
      for (const line of (error.details as FilterErrorDetails).pointed) output.talk(`  ${line}`);
    throw error;
  }
}

function goingOn({ items, ancestors, total, next_after }: RunPage): string[] {
  const above = ancestors?.length ? ['In parentheses: does not fit, and stands above a run that does.'] : [];
  const more =
    next_after === null
      ? []
      : [`${items.length} of ${total} runs; go on with the same words and --after ${next_after}`];
  return [...above, ...more];
}

function noneText({ total }: RunPage, flags: Record<string, unknown>): string {
  if (total > 0) return `No run on this page; ${total} in all.`;
  if (['where', 'model', 'kind', 'status'].some((name) => flags[name] !== undefined)) return 'No run fits.';
  return flags['deleted'] ? 'The trash is empty.' : 'No run is recorded yet. Next: riskops train';
}
