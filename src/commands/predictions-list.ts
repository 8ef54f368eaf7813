import { type ExportedPrediction, exportedPredictions } from '../monitoring/export-predictions.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { formatNumber } from './output.js';
import { predictionFlags, predictionRequest } from './predictions-flags.js';
import { modelOption, withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [
    modelOption,
    ...predictionFlags,
    { flag: '--limit <number>', description: 'how many, the newest of them; 20 when not given' },
  ],
  details: 'The newest predictions in the log of a model, newest first.',
  examples: ['riskops predictions list', 'riskops predictions list --since 1d --with-outcomes --json'],
  async run({ flags, project, output }) {
    const limit = wholeNumber(flags, 'limit', { min: 1, max: 10_000, otherwise: 20 });
    return withStore(project, 'read', async (store) => {
      const request = await predictionRequest(store, project, flags);
      let newest: ExportedPrediction[] = [];
      for await (const chunk of exportedPredictions(store, request))
        newest = [...newest, ...chunk].slice(-limit);
      const items = newest.reverse();
      output.result({ model: request.model, items }, () =>
        items.length === 0
          ? [`No prediction of ${request.model} is in the log for this time.`]
          : formatTable(
              ['prediction', 'at', 'version', 'answer', 'class', 'outcome', 'inputs'],
              items.map((item) => [
                item.id,
                item.at,
                `${item.version}${item.canary ? ' canary' : ''}${item.shadow_of === undefined ? '' : ' shadow'}`,
                formatNumber(item.prediction),
                item.class,
                item.outcome?.value,
                JSON.stringify(item.inputs),
              ]),
            ),
      );
      return undefined;
    });
  },
};
