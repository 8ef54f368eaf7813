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
  { name: 'runs list', summary: 'recorded runs, newest first', load: () => import('./runs-list.js') },
  {
    name: 'runs show',
    summary: 'one run: parameters, metrics, artifacts',
    load: () => import('./runs-show.js'),
  },
  { name: 'runs latest', summary: 'the newest run', load: () => import('./runs-latest.js') },
  {
    name: 'runs compare',
    summary: 'parameters and metrics of runs side by side',
    load: () => import('./runs-compare.js'),
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
    name: 'history',
    summary: 'promotions and rollbacks: who, when, why',
    load: () => import('./history.js'),
  },
  { name: 'models list', summary: 'models and what is current', load: () => import('./models-list.js') },
  {
    name: 'models show',
    summary: 'one model: its versions, or one version in full',
    load: () => import('./models-show.js'),
  },
  { name: 'serve', summary: 'serve the current models over HTTP', load: () => import('./serve.js') },
  { name: 'predict', summary: 'score a CSV file with the current model', load: () => import('./predict.js') },
  {
    name: 'smoke',
    summary: 'check a running server, or one started for it',
    load: () => import('./smoke.js'),
  },
  { name: 'e2e', summary: 'run the whole loop in a sandbox of its own', load: () => import('./e2e.js') },
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
];
