import { RiskopsError } from '../errors.js';
import { type PreparedTraining, prepareTraining } from '../pipeline/prepare-training.js';
import { judgeTraining, runTraining } from '../pipeline/train.js';
import {
  type PreparedSearch,
  prepareSearch,
  type TuneOptions,
  type TuneResult,
  tune,
} from '../pipeline/tune.js';
import { prepareAgain, readTune } from '../pipeline/tune-record.js';
import { SEARCHES, type TuneRequest } from '../pipeline/tune-request.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { Command, CommandContext } from './command.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { trainOptions, trainPlan } from './train-plan.js';
import { trainCommand, trainWords } from './train-words.js';
import { describeSearch, shownTrial } from './tune-text.js';
import { describeVerdict } from './verdict.js';

const own = [
  { flag: '--trials <number>', description: 'settings to try; 20, or 27 for halving, when not given' },
  { flag: '--seconds <number>', description: 'how long the search may take' },
  {
    flag: '--search <kind>',
    description: 'random, or halving: many settings with a part of the trees or rows, the best with all',
    choices: SEARCHES,
  },
  { flag: '--metric <name>', description: "the one metric that decides; the gate's when not given" },
  {
    flag: '--method <folds>',
    description: 'folds of the training rows: kfold:3, group:COLUMN:3, rolling:COLUMN:3',
  },
  { flag: '--resume <run>', description: 'go on with a search that was stopped, or let it try more' },
  { flag: '--train', description: 'train a candidate with the best options at the end' },
];

export const command: Command = {
  options: [
    ...own,
    ...trainOptions,
    { flag: '--name <text>', description: 'what the run of the search is called' },
    { flag: '--note <text>', description: 'a remark, kept with the run' },
  ],
  details:
    'Looks for the best options of a learner on folds of the training rows; the rows that the split holds out are never looked at. Trial 0 is the defaults. Options given by --set stay as they are. Each trial is a run below the run of the search; a trial that fails is shown and never wins. Ctrl-C keeps what was done.\nExit code: 0 done, 70 every trial failed.',
  examples: [
    'riskops tune --trials 20',
    'riskops tune --learner gradient-boosting --search halving --trials 27 --set trees=300',
    'riskops tune --data loans.csv --target default --learner random-forest --seconds 120 --metric log_loss --train',
    'riskops tune --resume 3f9c21aa --trials 40',
  ],
  async run(context) {
    const { flags, project, output, signal } = context;
    const onProgress = (text: string) => output.progress(text);
    const isNew = flags['resume'] === undefined;
    const fresh = isNew ? await newSearch(context) : undefined;
    return withStore(project, isNew ? 'create' : 'write', async (store) => {
      const { prepared, words, resume } = fresh ?? (await oldSearch(context, store));
      let runId: string | undefined;
      const options: TuneOptions = {
        root: project.root,
        labels: { name: flags['name'] as string | undefined, note: flags['note'] as string | undefined },
        ...{ resume, words, signal, onProgress },
        onStart: (id) => (runId = id),
      };
      let found: TuneResult;
      try {
        found = await tune(store, prepared, options);
      } catch (error) {
        if (signal.aborted && runId !== undefined)
          output.talk(`What was measured is kept. To go on: riskops tune --resume ${runId.slice(0, 8)}`);
        throw error;
      }
      const command = trainCommand(words, found.settings);
      const trained =
        flags['train'] === true ? await trainBest(store, prepared.training, found, options) : undefined;
      const { trials, failed, ...facts } = found;
      const result = {
        ...facts,
        best: shownTrial(found.best),
        defaults: found.defaults && shownTrial(found.defaults),
        trials: trials.map(shownTrial),
        failed: failed.map(shownTrial),
        command,
        trained: trained && { ...trained.summary, gate: trained.report },
      };
      output.result(result, () => [
        ...describeSearch(found),
        '',
        ...(trained
          ? [
              `Trained ${trained.summary.model} version ${trained.summary.version} with them (run ${trained.summary.run_id.slice(0, 8)}).`,
              '',
              ...describeVerdict(trained.report),
            ]
          : [`Next: ${command}`]),
      ]);
      return undefined;
    });
  },
};

interface Asked {
  prepared: PreparedSearch;
  words: readonly string[];
  resume?: string;
}

function budgetOf(flags: Record<string, unknown>): Pick<TuneRequest, 'trials' | 'seconds'> {
  const number = (key: string) =>
    flags[key] === undefined ? null : wholeNumber(flags, key, { min: 1, max: 100_000, otherwise: 1 });
  return { trials: number('trials'), seconds: number('seconds') };
}

/** A search by the flags. */
async function newSearch({ flags, project, output }: CommandContext): Promise<Asked> {
  const text = (key: string) => (flags[key] as string | undefined) ?? null;
  const request = {
    search: searchOf(text('search') ?? 'random'),
    ...budgetOf(flags),
    metric: text('metric'),
    method: text('method'),
  };
  const training = await prepareTraining(trainPlan(project, flags), (line) => output.progress(line));
  return { prepared: prepareSearch(training, request), words: trainWords(flags) };
}

/** A search that goes on, as it was asked for; its budget may be another. */
async function oldSearch({ flags, project, output }: CommandContext, store: Store): Promise<Asked> {
  refuseChanges(flags);
  const { runId, record } = await readTune(store, String(flags['resume']));
  const training = await prepareAgain(runId, record, {
    root: project.root,
    threads: project.get<number | null>('threads', flags, record.plan.model),
    onProgress: (line) => output.progress(line),
  });
  const { trials, seconds } = budgetOf(flags);
  const request = { ...record.request, trials: trials ?? record.request.trials, seconds };
  return { prepared: prepareSearch(training, request), words: record.words, resume: runId };
}

function searchOf(given: string): TuneRequest['search'] {
  const found = SEARCHES.find((search) => search === given);
  if (found !== undefined) return found;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--search must be one of ${SEARCHES.join(', ')}, and is ${JSON.stringify(printable(given, 40))}.`,
  });
}

/** A search that goes on compares with what it measured before: its rows, folds and metric stay. */
function refuseChanges(flags: Record<string, unknown>): void {
  const mayChange = ['threads'];
  const fixed = [...trainOptions.map(({ flag }) => flag.split(' ')[0]), '--search', '--metric', '--method'];
  const changed = fixed.find((flag) => {
    const key = flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return flags[key] !== undefined && !mayChange.includes(key);
  });
  if (changed === undefined) return;
  throw new RiskopsError('USAGE', {
    what: `${changed} cannot be given with --resume.`,
    why: 'A search that goes on keeps its rows, folds, learner and metric: only --trials, --seconds and --threads may change.',
    fix: 'riskops tune, for a new search',
  });
}

async function trainBest(
  store: Store,
  training: PreparedTraining,
  { best, settings, run_id }: TuneResult,
  { root, signal, onProgress }: TuneOptions,
) {
  const { plan } = training;
  const chosen = { ...training, plan: { ...plan, hyper: { ...plan.hyper, ...settings } }, hyper: best.hyper };
  const labels = { parent: run_id };
  const trained = await runTraining(store, chosen, { root, labels, signal, onProgress });
  onProgress?.('judging the candidate');
  const { report } = await judgeTraining(store, trained);
  return { summary: trained.summary, report };
}
