import { getRun } from '../tracking/read-runs.js';
import { startShellRun } from '../tracking/shell-run.js';
import { bringInSpools } from './bring-in.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { recordOf } from './pairs.js';
import { withStore } from './project-store.js';

export const command: Command = {
  options: [
    { flag: '--kind <kind>', description: 'what is done, such as train or tune; run when not given' },
    { flag: '--name <name>', description: 'what people call it' },
    { flag: '--model <name>', description: 'the model that it is about' },
    { flag: '--group <name>', description: 'runs that belong together' },
    { flag: '--parent <run>', description: 'the run that this is a part of' },
    { flag: '--note <text>', description: 'a note' },
    { flag: '--param <pairs...>', description: 'parameters, as NAME=VALUE' },
    { flag: '--tag <pairs...>', description: 'tags, as NAME=VALUE' },
    {
      flag: '--pid <number>',
      description: 'the process that the run lives with: when it is gone the run reads LOST; in a script, $$',
    },
    { flag: '--resume <run>', description: 'go on with a run that ended or was lost' },
  ],
  details:
    'Prints the id of the run and nothing else. Without --pid the run reads LOST when nothing was logged to it for 24 hours.\nA run that is resumed keeps its kind, model and parent.',
  examples: [
    'riskops runs start --kind train --param depth=4 seed=7',
    'riskops runs start --pid $$ --name nightly --tag host=gpu-1',
    'riskops runs start --resume 3f9c21aa',
  ],
  async run({ flags, project, output }) {
    const text = (key: string) => flags[key] as string | undefined;
    const options = {
      kind: text('kind'),
      name: text('name'),
      model: text('model'),
      group: text('group'),
      parent: text('parent'),
      note: text('note'),
      resume: text('resume'),
      params: recordOf(flags, 'param'),
      tags: recordOf(flags, 'tag'),
      pid: wholeNumber(flags, 'pid', { min: 1, otherwise: 0 }),
    };
    return withStore(project, 'create', async (store) => {
      await bringInSpools(store, output);
      const runId = await startShellRun(store, options);
      const run = await getRun(store, runId);
      output.result(run, () => [runId]);
      return undefined;
    });
  },
};
