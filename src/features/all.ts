import { calendar } from './calendar.js';
import { change, diff } from './diff.js';
import { drop } from './drop.js';
import { elapsed } from './elapsed.js';
import { expandingMean } from './expanding-mean.js';
import { impute } from './impute.js';
import { lag } from './lag.js';
import { oneHot } from './one-hot.js';
import { ratio } from './ratio.js';
import { rolling } from './rolling.js';
import { scale } from './scale.js';
import { select } from './select.js';
import type { StepKind } from './step.js';

/** Every kind of recipe step. */
export const stepKinds: readonly StepKind[] = [
  lag,
  diff,
  change,
  rolling,
  ratio,
  expandingMean,
  calendar,
  elapsed,
  impute,
  oneHot,
  scale,
  select,
  drop,
];
