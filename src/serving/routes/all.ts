import { accuracy } from './accuracy.js';
import { drift } from './drift.js';
import { explain, modelExplain } from './explain.js';
import { health } from './health.js';
import { metrics } from './metrics.js';
import { model } from './model.js';
import { modelPredict } from './model-predict.js';
import { models } from './models.js';
import { openapi } from './openapi.js';
import { outcomes } from './outcomes.js';
import { predict } from './predict.js';
import { promote } from './promote.js';
import { ready } from './ready.js';
import { rollback } from './rollback.js';
import type { Route } from './route.js';
import { run } from './run.js';
import { runs } from './runs.js';
import { runsLatest } from './runs-latest.js';
import { listOfTokens, newToken, revokedToken } from './tokens.js';
import { version } from './version.js';

/** Every route, in the order of the HTTP reference. */
export const routes: readonly Route[] = [
  health,
  ready,
  version,
  metrics,
  openapi,
  predict,
  modelPredict,
  explain,
  modelExplain,
  outcomes,
  accuracy,
  drift,
  model,
  models,
  runs,
  runsLatest,
  run,
  promote,
  rollback,
  listOfTokens,
  newToken,
  revokedToken,
];
