import { listModels } from '../registry/models.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [],
  examples: ['riskops models list', 'riskops models list --json'],
  async run({ project, output }) {
    return withStore(project, 'read', async (store) => {
      const items = await listModels(store);
      output.result({ items }, () =>
        items.length === 0
          ? ['No model is trained yet. Next: riskops train']
          : formatTable(
              ['model', 'versions', 'current', 'promoted'],
              items.map((item) => [
                item.name,
                item.versions,
                item.current?.version,
                item.current?.promoted_at,
              ]),
            ),
      );
      return undefined;
    });
  },
};
