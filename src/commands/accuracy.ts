import type { AccuracyFilter } from '../monitoring/accuracy.js';
import { measureAccuracy } from '../monitoring/accuracy.js';
import { readRange, readSpan } from '../monitoring/time-range.js';
import { parseVersion } from '../registry/versions.js';
import { accuracyLines } from './accuracy-text.js';
import type { Command } from './command.js';
import { chosenModel, modelOption, withStore } from './project-store.js';

export const command: Command = {
  options: [
    modelOption,
    { flag: '--version <number>', description: 'only the predictions of this version' },
    {
      flag: '--since <time>',
      description: 'predictions from then on: 30d, a day, or a time with its zone; 30d when not given',
    },
    { flag: '--until <time>', description: 'predictions before then; now when not given' },
    {
      flag: '--by <fields>',
      description: 'a segment for each value of these fields, or for each quarter of their numbers',
    },
    { flag: '--metric <names>', description: 'metrics, separated by commas; all of the task when not given' },
    { flag: '--window <span>', description: 'also a series of windows of this length, such as 7d' },
  ],
  details:
    'How good the predictions were, by the outcomes that were told. Every metric has its 95 % interval, which takes the rows for independent of one another; fewer than 30 outcomes have none. The column holdout is what the version had on its held-out rows when it was trained; where several versions predicted, each has its own line. Windows without an outcome are left out before the first outcome and behind the last, and are one line between.',
  examples: [
    'riskops accuracy',
    'riskops accuracy --by category --since 30d',
    'riskops accuracy --model credit --window 7d --metric auc --json',
  ],
  async run({ flags, project, output }) {
    const text = (name: string) => flags[name] as string | undefined;
    const list = (name: string) =>
      text(name)
        ?.split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    const [version, until, window] = [text('version'), text('until'), text('window')];
    const asked = {
      ...readRange({ since: text('since'), until }, (key) => `--${key}`, '30d'),
      ...(version === undefined ? {} : { version: parseVersion(version) }),
      ...(window === undefined ? {} : { windowMs: readSpan(window, '--window') }),
      by: list('by') ?? [],
      metrics: list('metric'),
    };
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const entity = project.get<string[]>('entity', {}, model);
      const filter: AccuracyFilter = { ...asked, model, entity };
      output.progress('reading predictions and outcomes');
      const accuracy = await measureAccuracy(store, filter);
      output.result(accuracy, () => accuracyLines(accuracy));
      return undefined;
    });
  },
};
