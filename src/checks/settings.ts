import type { Setting } from '../settings.js';

/** The settings of `riskops ci`. It is deaf to all others of the environment, so theirs begin with RISKOPS_CI_. */
export const ciSettings: readonly Setting[] = [
  {
    key: 'ciScripts',
    config: 'ci.scripts',
    env: 'RISKOPS_CI_SCRIPTS',
    kind: 'list',
    default: ['lint', 'typecheck', 'test'],
    description:
      'scripts of package.json that `riskops ci` runs; where not set, those of the three that exist',
  },
  {
    key: 'ciScriptSeconds',
    config: 'ci.scriptSeconds',
    env: 'RISKOPS_CI_SCRIPT_SECONDS',
    kind: 'number',
    default: 900,
    min: 1,
    max: 86_400,
    description: 'how long each script may take, in seconds',
  },
  {
    key: 'ciUndecided',
    config: 'ci.undecided',
    env: 'RISKOPS_CI_UNDECIDED',
    kind: 'choice',
    choices: ['report', 'fail'],
    default: 'report',
    description:
      'an undecided gate: `report` ends `riskops ci` with 3 and lets a push pass, `fail` ends it with 1 and stops the push',
  },
];
