/** Which way a metric is better. */
export type Direction = 'greater' | 'less';

/** Tells the direction of a metric by its name; undefined for one that it does not know. */
export type Directions = (metric: string) => Direction | undefined;

/** Last parts of names of which less is better. */
const LESS =
  /^(?:.*_)?(?:loss|logloss|error|err|rmse|mse|mae|mape|smape|mase|rmsle|brier|ece|deviance|perplexity|nll|pinball)$/;

/**
 * Which way a metric is better: by `directions`, and where they do not know it by the last part of its name: less of a
 * loss or an error such as `val.log_loss` or `holdout/rmse`, more of all else.
 */
export function directionOf(metric: string, directions?: Directions): Direction {
  const last = metric.split(/[./: ]/).at(-1) as string;
  return directions?.(metric) ?? directions?.(last) ?? (LESS.test(last.toLowerCase()) ? 'less' : 'greater');
}
