import { compareRuns } from '../tracking/compare-runs.js';
import type { Command } from './command.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '<runs...>',
  options: [],
  details: 'Parameters that are the same in all runs are left out; --json has them all.',
  examples: ['riskops runs compare 3f9c21aa 8be01c77'],
  async run({ args, project, output }) {
    return withStore(project, 'read', async (store) => {
      const compared = await compareRuns(store, args);
      output.result(compared, () => [
        ...formatTable(
          ['', ...compared.runs.map((run) => run.run_id.slice(0, 8))],
          [
            ['status', ...compared.runs.map((run) => run.status)],
            ...compared.params.filter((param) => !param.same).map((param) => [param.key, ...param.values]),
            ...compared.metrics.map((metric) => [metric.key, ...metric.values.map(formatNumber)]),
          ],
        ),
      ]);
      return undefined;
    });
  },
};
