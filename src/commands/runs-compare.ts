import { RiskopsError } from '../errors.js';
import { compareBy, type GroupComparison, type SummarisedGroup } from '../pipeline/compare-groups.js';
import { compareScores, type ScoreComparison } from '../pipeline/compare-scores.js';
import { SERIES_VALUES, type SeriesValue } from '../tracking/compare-groups.js';
import { compareRuns, type RunComparison } from '../tracking/compare-runs.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '[runs...]',
  options: [
    {
      flag: '--base <run>',
      description: 'the run that the others are compared with; the first when not given',
    },
    {
      flag: '--by <parameter>',
      description: 'gather runs that differ in this parameter alone, such as seed',
    },
    { flag: '--model <name>', description: 'with --by: the runs of this model' },
    { flag: '--group <name>', description: 'with --by: the runs of this group' },
    {
      flag: '--where <filter>',
      description: 'with --by: the runs that fit, such as "params.learner = \'ridge\'"',
    },
    {
      flag: '--value <which>',
      description: 'with --by: last, min, max or mean of each series; last when not given',
    },
    {
      flag: '--ignore <parameters>',
      description: 'with --by: parameters that may differ too, separated by commas',
    },
  ],
  details:
    'Side by side: parameters that are the same in all runs are left out (--json has them), and where runs were held out from the same rows, each is judged against the first: the gain, its 95 % interval by the paired bootstrap, and better, worse or not told apart.\nWith --by: finished runs that are equal in all other parameters, with mean, deviation and the 95 % interval of the mean (Student) of each metric.',
  examples: [
    'riskops runs compare 3f9c21aa 8be01c77',
    'riskops runs compare 3f9c21aa 8be01c77 --base 8be01c77 --json',
    'riskops runs compare --by seed --model credit',
  ],
  async run({ args, flags, project, output, signal }) {
    const by = flags['by'] as string | undefined;
    checkFlags(args, flags);
    return withStore(project, 'read', async (store) => {
      if (by !== undefined) {
        const grouped = await compareBy(store, by, {
          runs: args,
          model: flags['model'] as string | undefined,
          where: flags['where'] as string | undefined,
          group: flags['group'] as string | undefined,
          ignore: String(flags['ignore'] ?? '')
            .split(',')
            .filter(Boolean),
          value: seriesValue(flags['value']),
        });
        output.result(grouped, () => describeGroups(grouped));
        return undefined;
      }
      const base = flags['base'] as string | undefined;
      const compared = await compareRuns(store, args);
      output.progress('comparing the predictions');
      const scores = await compareScores(store, args, { base, signal });
      output.result({ ...compared, significance: scores }, () => [
        ...sideBySide(compared),
        ...describeScores(scores),
      ]);
      return undefined;
    });
  },
};

const WITH_BY = ['model', 'group', 'where', 'value', 'ignore'];

function checkFlags(args: string[], flags: Record<string, unknown>): void {
  const refuse = (what: string, fix: string) => new RiskopsError('USAGE', { what, fix });
  const by = flags['by'] !== undefined;
  if (by && flags['base'] !== undefined)
    throw refuse('--base and --by do not go together.', 'riskops runs compare --by seed');
  const alone = WITH_BY.find((flag) => flags[flag] !== undefined);
  if (!by && alone !== undefined) throw refuse(`--${alone} needs --by.`, 'riskops runs compare --by seed');
  if (!by && args.length === 0)
    throw refuse('Which runs are to be compared?', 'riskops runs list, then riskops runs compare RUN RUN');
}

function seriesValue(given: unknown): SeriesValue | undefined {
  const value = SERIES_VALUES.find((known) => known === given);
  if (given === undefined || value !== undefined) return value;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--value must be one of ${SERIES_VALUES.join(', ')}, and is "${printable(String(given), 40)}".`,
  });
}

const sideBySide = ({ runs, params, metrics }: RunComparison) =>
  formatTable(
    ['', ...runs.map((run) => run.run_id.slice(0, 8))],
    [
      ['status', ...runs.map((run) => run.status)],
      ...params.filter((param) => !param.same).map((param) => [param.key, ...param.values]),
      ...metrics.map((metric) => [metric.key, ...metric.values.map(formatNumber)]),
    ],
  );

function describeScores({ base, rows, confidence, runs, why }: ScoreComparison): string[] {
  const [short, percent] = [base.slice(0, 8), confidence * 100];
  if (runs.length === 0) return [];
  if (why !== null) return ['', `Whether they differ by more than chance is not known: ${why} (${short}).`];
  return runs.flatMap(({ run_id, why: fault, differences }) => [
    '',
    ...(fault === null
      ? [
          `${run_id.slice(0, 8)} against ${short} on the same ${rows} held-out rows, each interval ${percent} % by itself:`,
          ...formatTable(
            ['', short, run_id.slice(0, 8), 'gain', 'from', 'to', ''],
            differences.map(({ metric, base: was, value, gain, lower, upper, verdict }) => [
              metric,
              ...[was, value, gain, lower, upper].map(formatNumber),
              verdict,
            ]),
          ).map((line) => `  ${line}`),
        ]
      : [`${run_id.slice(0, 8)} is not compared with ${short} any further: ${fault}.`]),
  ]);
}

function describeGroups({ by, groups, unfinished, without, cut }: GroupComparison): string[] {
  if (groups.length === 0) return [`No finished run fits.${leftOut(unfinished, without, by, cut).join(' ')}`];
  const telling = tellingParams(groups);
  return [
    ...groups.flatMap((group) => ['', ...describeGroup(by, group, telling)]).slice(1),
    ...leftOut(unfinished, without, by, cut),
  ];
}

/** The parameters that tell the groups apart. */
function tellingParams(groups: SummarisedGroup[]): string[] {
  const keys = [...new Set(groups.flatMap(({ params }) => Object.keys(params)))].sort();
  return keys.filter((key) => new Set(groups.map(({ params }) => params[key])).size > 1);
}

function describeGroup(by: string, { params, runs, metrics }: SummarisedGroup, telling: string[]): string[] {
  const values = runs.map(({ value }) => printable(value, 20));
  const shown = values.length > 12 ? `${values.slice(0, 12).join(', ')}, ...` : values.join(', ');
  const what = telling
    .filter((key) => Object.hasOwn(params, key))
    .map((key) => `${key} ${printable(params[key], 40)}`)
    .join(', ');
  const again = runs.length - new Set(runs.map(({ value }) => value)).size;
  return [
    `${what === '' ? 'all other parameters equal' : what}: ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, ${by} ${shown}`,
    ...(again > 0
      ? [`  ${again} of them repeat a ${by}: they are no new evidence, and the interval is too narrow`]
      : []),
    ...formatTable(
      ['', 'n', 'mean', 'sd', 'from', 'to', 'min', 'max'],
      Object.entries(metrics).map(([name, { n, mean, sd, interval, min, max }]) => [
        name,
        n,
        ...[mean, sd, interval?.lower, interval?.upper, min, max].map(formatNumber),
      ]),
    ).map((line) => `  ${line}`),
  ];
}

function leftOut(unfinished: number, without: number, by: string, cut: boolean): string[] {
  return [
    ...(unfinished > 0 ? [`Left out: ${unfinished} that did not finish.`] : []),
    ...(without > 0 ? [`Left out: ${without} without the parameter ${by}.`] : []),
    ...(cut ? ['Only the newest 10,000 were looked at.'] : []),
  ];
}
