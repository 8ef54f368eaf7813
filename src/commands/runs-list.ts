import { listRuns } from '../tracking/read-runs.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [
    { flag: '--limit <number>', description: 'how many, newest first; 20 when not given' },
    { flag: '--offset <number>', description: 'how many to pass over first; 0 when not given' },
    { flag: '--model <name>', description: 'only the runs of this model' },
    { flag: '--status <status>', description: 'only RUNNING, FINISHED, FAILED, KILLED or LOST' },
  ],
  examples: ['riskops runs list', 'riskops runs list --model credit --limit 5 --json'],
  async run({ flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const page = await listRuns(store, {
        limit: wholeNumber(flags, 'limit', { min: 1, max: 1000, otherwise: 20 }),
        offset: wholeNumber(flags, 'offset', { min: 0, otherwise: 0 }),
        model: flags['model'] as string | undefined,
        status: flags['status'] as string | undefined,
        includeMetrics: true,
      });
      output.result(page, () =>
        page.items.length === 0
          ? [noneText(page.total, flags)]
          : [
              ...formatTable(
                ['run', 'created', 'kind', 'model', 'status', 'auc', 'rmse', 'commit'],
                page.items.map((run) => [
                  run.run_id.slice(0, 8),
                  run.created_at,
                  run.kind,
                  run.model,
                  run.status,
                  formatNumber(run.metrics?.['auc']),
                  formatNumber(run.metrics?.['rmse']),
                  run.git.commit === null ? null : `${run.git.commit.slice(0, 8)}${run.git.dirty ? '*' : ''}`,
                ]),
              ),
              ...(page.next_offset === null
                ? []
                : [`${page.total} runs in all; more with --offset ${page.next_offset}`]),
            ],
      );
      return undefined;
    });
  },
};

function noneText(total: number, flags: Record<string, unknown>): string {
  if (total > 0) return `No run on this page; ${total} in all.`;
  const isFiltered = flags['model'] !== undefined || flags['status'] !== undefined;
  return isFiltered ? 'No run fits.' : 'No run is recorded yet. Next: riskops train';
}
