import type { CommandEntry } from './command.js';

/** Every command, in the order of help. A new one is a file, a line here and a test. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a config and policy for the bundled credit data, or for an own CSV',
    load: () => import('./init.js'),
  },
  {
    name: 'demo',
    summary: 'train, gate, promote and serve a model on real data, in a folder of its own',
    load: () => import('./demo.js'),
  },
  {
    name: 'train',
    summary: 'train a candidate, record the run and judge it',
    load: () => import('./train.js'),
  },
  {
    name: 'tune',
    summary: "look for a learner's best options on folds of the training rows",
    load: () => import('./tune.js'),
  },
  {
    name: 'evaluate',
    summary: 'measure a learner by folds, a trained version on new rows, or forecasts of series',
    load: () => import('./evaluate.js'),
  },
  {
    name: 'learners',
    summary: 'the learners, and the options of one',
    load: () => import('./learners.js'),
  },
  {
    name: 'reproduce',
    summary: 'train a run again, and compare model and metrics bit for bit',
    load: () => import('./reproduce.js'),
  },
  { name: 'runs list', summary: 'recorded runs: search, order, page', load: () => import('./runs-list.js') },
  {
    name: 'runs show',
    summary: 'one run: parameters, metrics, artifacts',
    load: () => import('./runs-show.js'),
  },
  { name: 'runs latest', summary: 'the newest run', load: () => import('./runs-latest.js') },
  {
    name: 'runs start',
    summary: 'begin a run from a shell script',
    load: () => import('./runs-start.js'),
  },
  {
    name: 'runs log',
    summary: 'log metrics, parameters and files to a run',
    load: () => import('./runs-log.js'),
  },
  { name: 'runs end', summary: 'end a run', load: () => import('./runs-end.js') },
  {
    name: 'runs compare',
    summary: 'runs side by side, with what differs by more than chance; or over seeds',
    load: () => import('./runs-compare.js'),
  },
  {
    name: 'runs diff',
    summary: 'what differs between two runs: parameters, code, data, environment, model',
    load: () => import('./runs-diff.js'),
  },
  {
    name: 'runs download',
    summary: "write a run's files out of the store",
    load: () => import('./runs-download.js'),
  },
  { name: 'runs delete', summary: 'move runs to the trash', load: () => import('./runs-delete.js') },
  {
    name: 'runs restore',
    summary: 'bring runs back from the trash',
    load: () => import('./runs-restore.js'),
  },
  {
    name: 'runs protect',
    summary: 'keep runs from being deleted',
    load: () => import('./runs-protect.js'),
  },
  {
    name: 'query',
    summary: 'one SQL statement that reads the store',
    load: () => import('./query.js'),
  },
  {
    name: 'gate',
    summary: 'judge a candidate against the current model and the baselines',
    load: () => import('./gate.js'),
  },
  {
    name: 'promote',
    summary: 'judge a candidate, and make it current when it passes',
    load: () => import('./promote.js'),
  },
  {
    name: 'rollback',
    summary: 'make the version that was current before current again',
    load: () => import('./rollback.js'),
  },
  {
    name: 'approve',
    summary: 'put on record that you approve of a version',
    load: () => import('./approve.js'),
  },
  {
    name: 'retire',
    summary: 'make no version of a model current, and say why',
    load: () => import('./retire.js'),
  },
  {
    name: 'history',
    summary:
      'promotions, rollbacks, retirements and approvals: who, when, why; or what was current at a time',
    load: () => import('./history.js'),
  },
  {
    name: 'audit verify',
    summary: 'prove that the history was not changed',
    load: () => import('./audit-verify.js'),
  },
  { name: 'models list', summary: 'models and what is current', load: () => import('./models-list.js') },
  {
    name: 'models show',
    summary: 'one model: its versions, or one version in full',
    load: () => import('./models-show.js'),
  },
  {
    name: 'models alias',
    summary: 'a free name for a version',
    load: () => import('./models-alias.js'),
  },
  {
    name: 'models delete',
    summary: 'move a version, or a model, to the trash',
    load: () => import('./models-delete.js'),
  },
  {
    name: 'models restore',
    summary: 'bring versions back from the trash',
    load: () => import('./models-restore.js'),
  },
  {
    name: 'models protect',
    summary: 'keep a version from being deleted',
    load: () => import('./models-protect.js'),
  },
  {
    name: 'models import',
    summary: 'take in trees of LightGBM or XGBoost, proved on a parity sample',
    load: () => import('./models-import.js'),
  },
  {
    name: 'models export',
    summary: 'write a version as ONNX',
    load: () => import('./models-export.js'),
  },
  { name: 'serve', summary: 'serve the current models over HTTP', load: () => import('./serve.js') },
  {
    name: 'token create',
    summary: 'make a token for the server, with a role',
    load: () => import('./token-create.js'),
  },
  { name: 'token list', summary: 'who may use the server', load: () => import('./token-list.js') },
  { name: 'token revoke', summary: 'end a token', load: () => import('./token-revoke.js') },
  {
    name: 'alerts check',
    summary: 'look at every alert rule once, and deliver what is to be told',
    load: () => import('./alerts-check.js'),
  },
  {
    name: 'alerts list',
    summary: 'alerts that fire, and those that are over',
    load: () => import('./alerts-list.js'),
  },
  {
    name: 'alerts deliveries',
    summary: 'the messages of alerts, and what became of them',
    load: () => import('./alerts-deliveries.js'),
  },
  {
    name: 'alerts test',
    summary: 'send a test message to a channel',
    load: () => import('./alerts-test.js'),
  },
  { name: 'predict', summary: 'score a CSV file with the current model', load: () => import('./predict.js') },
  {
    name: 'explain',
    summary: 'which features made the answers for the rows of a file',
    load: () => import('./explain.js'),
  },
  {
    name: 'client',
    summary: 'a TypeScript module with the types of a model, to ask a server by',
    load: () => import('./client.js'),
  },
  {
    name: 'importance',
    summary: 'which features a version lives on: by gain, and by shuffling them',
    load: () => import('./importance.js'),
  },
  {
    name: 'forecast',
    summary: 'what comes next in every series, with dates and intervals',
    load: () => import('./forecast.js'),
  },
  {
    name: 'drift',
    summary: 'whether the rows that a model answered still look like those it learned from',
    load: () => import('./drift.js'),
  },
  {
    name: 'trace',
    summary: 'where an answer came from: version, run, data, commit, promotion, gate',
    load: () => import('./trace.js'),
  },
  {
    name: 'predictions list',
    summary: 'the newest predictions in the log',
    load: () => import('./predictions-list.js'),
  },
  {
    name: 'predictions export',
    summary: 'the prediction log as CSV or NDJSON, with outcomes',
    load: () => import('./predictions-export.js'),
  },
  {
    name: 'outcomes add',
    summary: 'tell what really came of predictions, from a file',
    load: () => import('./outcomes-add.js'),
  },
  {
    name: 'outcomes list',
    summary: 'outcomes on record, with those that were corrected',
    load: () => import('./outcomes-list.js'),
  },
  {
    name: 'accuracy',
    summary: 'how good the predictions were, by their outcomes: overall, by segment, over time',
    load: () => import('./accuracy.js'),
  },
  {
    name: 'replay',
    summary: 'let another version answer the logged traffic, and compare',
    load: () => import('./replay.js'),
  },
  {
    name: 'shadow',
    summary: 'how a shadow or a canary did beside the current version',
    load: () => import('./shadow.js'),
  },
  {
    name: 'smoke',
    summary: 'check a running server, or one started for it',
    load: () => import('./smoke.js'),
  },
  { name: 'e2e', summary: 'run the whole loop in a sandbox of its own', load: () => import('./e2e.js') },
  {
    name: 'ci',
    summary: 'all checks of a project: scripts, config, data, models, gate, history, e2e',
    load: () => import('./ci.js'),
  },
  {
    name: 'hooks install',
    summary: 'check before each git push',
    load: () => import('./hooks-install.js'),
  },
  {
    name: 'hooks uninstall',
    summary: 'take the pre-push hook out, and put back the one before it',
    load: () => import('./hooks-uninstall.js'),
  },
  {
    name: 'hooks status',
    summary: 'whether the pre-push hook is installed',
    load: () => import('./hooks-status.js'),
  },
  {
    name: 'where',
    summary: 'where config, database, artifacts, pointer and backups are',
    load: () => import('./where.js'),
  },
  { name: 'backup', summary: 'copy the store while others use it', load: () => import('./backup.js') },
  { name: 'restore', summary: 'put a backup in the place of the store', load: () => import('./restore.js') },
  {
    name: 'migrate',
    summary: 'bring an older store up to date, or undo that',
    load: () => import('./migrate.js'),
  },
  {
    name: 'export',
    summary: 'write runs and models into one archive',
    load: () => import('./export.js'),
  },
  { name: 'import', summary: 'take in the runs and models of an archive', load: () => import('./import.js') },
  {
    name: 'gc',
    summary: 'empty the trash, and remove files that nothing refers to',
    load: () => import('./gc.js'),
  },
  {
    name: 'doctor',
    summary: 'check the installation, the store and the model files',
    load: () => import('./doctor.js'),
  },
  {
    name: 'config',
    summary: 'the settings in force, and where each came from',
    load: () => import('./config.js'),
  },
  {
    name: 'completion',
    summary: 'a script that completes commands, flags, runs and models in a shell',
    load: () => import('./completion.js'),
  },
];
