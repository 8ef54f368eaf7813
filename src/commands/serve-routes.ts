import { servedForecaster } from '../pipeline/forecast/served-forecast.js';
import { protocolRoutes } from '../protocols/all.js';
import { forecastRoute } from '../serving/routes/forecast.js';
import type { Route } from '../serving/routes/route.js';

/** The routes that `riskops serve` has besides the server's own; `root` is the project's folder. */
export function serveRoutes(root: string): readonly Route[] {
  return [forecastRoute(servedForecaster(root)), ...protocolRoutes];
}
