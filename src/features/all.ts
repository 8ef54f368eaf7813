import { impute } from './impute.js';
import { oneHot } from './one-hot.js';
import { scale } from './scale.js';
import type { StepKind } from './step.js';

/** Every kind of recipe step. */
export const stepKinds: readonly StepKind[] = [impute, oneHot, scale];
