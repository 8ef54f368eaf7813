import type { Route } from '../serving/routes/route.js';
import { invocations, ping } from './mlflow/routes.js';
import { oipModels } from './oip/model-routes.js';
import { oipServer } from './oip/server-routes.js';

/** The routes of other people's protocols, in the order of the HTTP reference. */
export const protocolRoutes: readonly Route[] = [oipServer, oipModels, ping, invocations];
