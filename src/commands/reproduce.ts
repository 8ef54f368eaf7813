import { resolve } from 'node:path';
import { type Reproduction, reproduceRun } from '../pipeline/reproduce.js';
import { paintStdout } from './colours.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  args: '<run>',
  options: [
    { flag: '--data <file>', description: 'the data file, where it is not where the run found it' },
    { flag: '--test-data <file>', description: 'the same for the file of a file: split' },
    {
      flag: '--threads <number>',
      description: 'worker threads; the result is the same for any number',
      setting: 'threads',
    },
  ],
  details:
    'Trains again from what the run recorded, in a temporary store, and compares the model and every point of every metric bit for bit. The project is only read. A data file that changed by one byte is refused before anything is trained.\nExit code: 0 identical, 1 differs, 65 the data changed.',
  examples: ['riskops reproduce 3f9c21aa', 'riskops reproduce 3f9c21aa --data /archive/loans.csv.gz --json'],
  async run({ args, flags, project, output, signal }) {
    return withStore(project, 'read', async (store) => {
      const file = (key: string) => (flags[key] === undefined ? undefined : resolve(String(flags[key])));
      const reproduction = await reproduceRun(store, args[0], {
        root: project.root,
        data: file('data'),
        testData: file('testData'),
        threads: project.get<number | null>('threads', flags),
        signal,
        onProgress: (text) => output.progress(text),
      });
      output.result(reproduction, () => describe(reproduction));
      return reproduction.identical ? undefined : 1;
    });
  },
};

function describe(reproduction: Reproduction): string[] {
  const { run_id, model, learner, identical, data, content_sha256, metrics, notes, reasons } = reproduction;
  const { recorded, reproduced, same } = content_sha256;
  const verdict = identical ? paintStdout.green.bold('IDENTICAL') : paintStdout.red.bold('DIFFERS');
  return [
    `${verdict}: run ${run_id.slice(0, 8)} trained again (${model}, ${learner})`,
    ...data.map((file) => `data     ${file.path}, SHA-256 ${file.sha256}`),
    same === false
      ? `model    differs: content SHA-256 was ${recorded}, and is ${reproduced}`
      : `model    ${same === null ? 'not compared' : 'the same content'}, SHA-256 ${reproduced}`,
    metrics.compared === 0
      ? 'metrics  none on record to compare with'
      : `metrics  ${metrics.compared} with ${metrics.points} points compared, ${metrics.different.length === 0 ? 'all equal to the last bit' : `${metrics.different.length} differ`}`,
    ...metrics.different.map(
      ({ metric, step, recorded: was, reproduced: is }) =>
        `  ${metric} at step ${step}: was ${was ?? 'nothing'}, is ${is ?? 'nothing'}${difference(was, is)}`,
    ),
    ...reasons.map((reason) => `why      ${reason}`),
    ...notes.filter((note) => !reasons.includes(note)).map((note) => `note     ${note}`),
  ];
}

const difference = (was: number | null, is: number | null) =>
  was === null || is === null ? '' : ` (difference ${is - was})`;
