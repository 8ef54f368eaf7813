import { settings } from '../config.js';
import type { Command } from './command.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [
    { flag: '--origin', description: 'also say where each value came from' },
    {
      flag: '--model <name>',
      description: "the model whose block stands for the model's settings",
      setting: 'model',
    },
  ],
  details:
    'A flag wins over the environment, the environment over the config file, the config over the default.',
  examples: ['riskops config', 'riskops config --origin --json'],
  async run({ flags, project, output }) {
    const model = project.get<string | null>('model', flags) ?? undefined;
    const items = settings.map((setting) => ({
      ...project.resolve(setting.key, flags, model),
      env: setting.env,
    }));
    output.result({ root: project.root, config: project.configPath, settings: items }, () => [
      `folder  ${project.root}`,
      `config  ${project.configPath ?? 'none: riskops init writes one'}`,
      '',
      ...formatTable(
        flags['origin'] ? ['setting', 'value', 'origin', 'from'] : ['setting', 'value'],
        items.map((item) => [
          item.key,
          Array.isArray(item.value) ? item.value.join(',') : item.value,
          ...(flags['origin'] ? [item.origin, item.source] : []),
        ]),
      ),
    ]);
    return undefined;
  },
};
