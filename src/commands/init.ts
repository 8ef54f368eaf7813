import { basename, resolve } from 'node:path';
import { describeSchema } from '../datasets/schema.js';
import { RiskopsError } from '../errors.js';
import { type InitResult, initProject } from '../pipeline/init-project.js';
import { printable } from '../util/text.js';
import { withAdvice } from './advice.js';
import type { Command } from './command.js';
import { formatTable } from './table.js';
import { modelNameOf } from './train-plan.js';

export const command: Command = {
  options: [
    { flag: '--data <file>', description: 'an own CSV or CSV.gz, instead of the bundled credit data' },
    { flag: '--target <column>', description: 'the column to predict' },
    {
      flag: '--positive <class>',
      description: 'the class whose probability is predicted; the larger one when not given',
    },
    {
      flag: '--model <name>',
      description: "the model's name; when not given it is credit, or the data file's name",
    },
  ],
  details:
    'Writes riskops.config.mjs with the model and its policy, and for an own CSV a schema file to look at and edit. Overwrites nothing.',
  makesFolder: true,
  examples: ['riskops init', 'riskops init --data loans.csv --target default'],
  async run({ flags, project, output }) {
    const { data, target, positive, model } = flags as Record<string, string | undefined>;
    const alone = target === undefined ? positive && '--positive' : '--target';
    if (data === undefined && alone)
      throw new RiskopsError('USAGE', {
        what: `${alone} needs --data.`,
        why: 'Without it the project gets the bundled credit data, whose target is known.',
        fix: `riskops init --data FILE --target ${target ?? 'COLUMN'}`,
      });
    if (data !== undefined && target === undefined)
      throw new RiskopsError('USAGE', {
        what: 'Which column is to be predicted?',
        why: '--data needs --target.',
        fix: `riskops init --data ${basename(data)} --target COLUMN`,
      });
    const root = flags['dir'] === undefined ? process.cwd() : project.root;
    const own =
      data === undefined
        ? undefined
        : { data: resolve(data), target: target as string, positive: positive ?? null };
    const asked = `riskops init --data ${data === undefined ? 'FILE' : basename(data)} --target COLUMN`;
    const done = await withAdvice(
      {
        COLUMN_NOT_FOUND: asked,
        TARGET_INVALID: asked,
        DATA_FILE_NOT_FOUND: 'riskops init --data FILE --target COLUMN',
      },
      () => initProject({ root, model: model ?? (data === undefined ? 'credit' : modelNameOf(data)), own }),
    );
    output.result(done, () => {
      const [header, ...rows] = describeSchema(done.schema);
      const leftOut = done.left_out.filter(({ name }) => name !== done.target);
      return [
        ...formatTable(header, rows),
        '',
        ...(leftOut.length === 0
          ? []
          : [`Left out: ${leftOut.map(({ name, reason }) => `${name} (${reason})`).join('; ')}.`]),
        ...(done.rows_without_target === 0
          ? []
          : [`${done.rows_without_target} rows have no ${done.target}: they are not learned from.`]),
        predicted(done),
        `Written: ${done.config}${done.schema_file === null ? '' : ` and ${done.schema_file} (the columns above; edit a type there if it is wrong)`}`,
        'Next: riskops train',
      ];
    });
    return undefined;
  },
};

function predicted({ target, classes }: InitResult): string {
  if (classes === null) return `Predicts ${target}, a number.`;
  if (classes.length > 2)
    return `Predicts the probability of each ${target}: ${classes.map((name) => printable(String(name))).join(', ')}.`;
  return `Predicts the probability that ${target} is ${classes[1]} and not ${classes[0]}.`;
}
