import { parseLookups } from '../datasets/lookups/parse-lookups.js';
import { clientModule } from '../models/client-module.js';
import { choosePredictor } from '../pipeline/score-file.js';
import type { Command } from './command.js';
import { chosenModel, modelOption, withStore } from './project-store.js';
import { rowRulesOf } from './serve-row-rules.js';

export const command: Command = {
  options: [
    modelOption,
    { flag: '--version <number>', description: 'this version, instead of the current one' },
  ],
  details:
    'Prints a TypeScript module with the types of the model: its rows, with the categories that it knows, and its answers. It calls `riskops/client`, which needs fetch alone and runs in a browser too.\nExit code: 0 printed.',
  examples: ['riskops client --model credit > credit.ts'],
  async run({ flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const version = flags['version'] === undefined ? undefined : String(flags['version']);
      const { predictor, number } = await choosePredictor(store, model, version);
      const lookups = parseLookups(rowRulesOf(project, model).lookups);
      const module = clientModule(predictor.header, {
        model,
        version: number,
        lookedUp: lookups.flatMap(({ features }) => [...features.values()]),
        beside: [...lookups.map(({ key }) => key), ...project.get<string[]>('entity', {}, model)],
      });
      output.result({ model, version: number, module }, () => [module.trimEnd()]);
      return undefined;
    });
  },
};
