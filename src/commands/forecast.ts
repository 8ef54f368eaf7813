import { resolve } from 'node:path';
import { type ForecastRow, forecast } from '../pipeline/forecast/forecast.js';
import { usableSource } from '../pipeline/source-paths.js';
import { withAdvice } from './advice.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { formatNumber } from './output.js';
import { chosenModel, modelOption, withStore } from './project-store.js';
import { formatTable } from './table.js';

const AGAIN = 'riskops forecast --data FILE';
const ADVICE = { DATA_FILE_NOT_FOUND: AGAIN, DATA_UNREADABLE: AGAIN };

export const command: Command = {
  options: [
    modelOption,
    { flag: '--version <number>', description: 'this version, instead of the current one' },
    {
      flag: '--data <source>',
      description: 'the rows that are known; those that the version was trained and judged on when not given',
    },
    {
      flag: '--horizon <steps>',
      description: 'steps ahead; as many as the model was made for when not given',
    },
  ],
  details:
    'Says what comes next in every series, with dates and with intervals told from how far forecasts were off on the held-out rows.\nOf a forecaster: a model that was trained with --horizon and --time. Each step ahead builds on the one before.',
  examples: ['riskops forecast', 'riskops forecast --model demand --horizon 6 --data latest.csv --json'],
  async run({ flags, project, output }) {
    const horizon =
      flags['horizon'] === undefined
        ? undefined
        : wholeNumber(flags, 'horizon', { min: 1, max: 10_000, otherwise: 1 });
    const data = flags['data'] === undefined ? undefined : usableSource(resolve('.'), String(flags['data']));
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const version = flags['version'] === undefined ? undefined : String(flags['version']);
      const found = await withAdvice(ADVICE, () =>
        forecast(store, { model, version, data, horizon, root: project.root }),
      );
      const shares = [...new Set(found.rows.flatMap(({ intervals }) => Object.keys(intervals)))];
      output.result(found, () => [
        `${found.target} by ${found.model} version ${found.version}, known until ${found.known_until}:`,
        ...formatTable(
          ['series', 'time', 'forecast', ...shares],
          found.rows.map((row) => [
            row.series,
            row.time,
            formatNumber(row.forecast),
            ...shares.map((share) => shown(row, share)),
          ]),
        ),
        ...found.notes,
      ]);
      return undefined;
    });
  },
};

function shown({ intervals }: ForecastRow, share: string): string | null {
  const interval = intervals[share];
  return interval === undefined ? null : interval.map(formatNumber).join(' .. ');
}
