import { appendColumns, finite, knownValues, lookBackOf } from './new-columns.js';
import { type FittedStep, type StepKind, sourcesOf } from './step.js';
import { fileSettings, type StepSettings, userSettings } from './step-settings.js';
import {
  historyFromJson,
  historyToJson,
  MOST_MOMENTS,
  meanBefore,
  recordHistory,
  type TargetHistory,
} from './target-history.js';

const SETTINGS = [
  { name: 'by', description: 'the column of the categories', columns: true as const },
  {
    name: 'prior',
    description: 'how many rows the mean of all earlier rows counts for in each category; 0 when left out',
  },
];

interface Plan {
  by: number;
  time: number;
  prior: number;
}

function planOf(settings: StepSettings): Plan {
  const time = settings.frame.findIndex(({ kind }) => kind === 'time');
  if (time < 0)
    settings.fail('It takes the rows before each row, and no column orders the rows (--time COLUMN).');
  const by = settings.column('by', ['category', 'group', 'number', 'indicator']);
  return { by, time, prior: settings.number('prior', 0, 1e9, 0) };
}

function fitted(settings: StepSettings, { by, time, prior }: Plan, history: TargetHistory): FittedStep {
  const { frame } = settings;
  return appendColumns(settings, {
    added: [
      {
        column: {
          name: `${frame[by].name}_target_mean`,
          kind: 'number',
          lookBack: lookBackOf(frame[by]),
          sources: sourcesOf(frame[by]),
        },
        sequential: false,
        fill(rows, made) {
          const [keys, times] = [knownValues(by, rows), knownValues(time, rows)];
          for (let row = 0; row < rows.rowCount; row++)
            made[row] = finite(meanBefore(history, keys[row], times[row], prior));
        },
      },
    ],
    json: { kind: 'expanding-mean', by: frame[by].name, prior, history: historyToJson(history) },
  });
}

/**
 * The mean target of the training rows of the same category with a strictly earlier time, as `BY_target_mean`. The rows' own targets and
 * those of the same time are never in it, so it is no leave-one-out mean. What was seen is kept in the recipe by category and time: a training
 * row that is scored later gets what it got in training, and a row after all of them the mean of all.
 */
export const expandingMean: StepKind = {
  kind: 'expanding-mean',
  summary: 'the mean target of earlier training rows of the same category',
  settings: SETTINGS,
  fit(config, frame, x, rowCount, { y, classCount }) {
    const settings: StepSettings = userSettings(config, frame, SETTINGS);
    const plan = planOf(settings);
    if (y === null) settings.fail('It needs the target of the training rows.');
    if (classCount > 2) settings.fail(`The target has ${classCount} classes, and no mean.`);
    const rows = { x, rowCount, frame, series: null };
    const history = recordHistory(knownValues(plan.by, rows), knownValues(plan.time, rows), y);
    const moments = [...history.byKey.values()].reduce((total, { times }) => total + times.length, 0);
    if (moments > MOST_MOMENTS) {
      settings.fail(
        `It would keep ${moments} times of categories in the model, more than ${MOST_MOMENTS}: use fewer categories, or a coarser time.`,
      );
    }
    return fitted(settings, plan, history);
  },
  load(json, where, frame) {
    const known = [...SETTINGS, { name: 'history', description: 'what was seen' }];
    const settings: StepSettings = fileSettings(json, where, frame, known);
    const { history } = json as { history?: unknown };
    return fitted(settings, planOf(settings), historyFromJson(history, `${where}.history`));
  },
};
