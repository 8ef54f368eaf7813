import type { ErrorRateRule, LatencyRule } from '../alerts-config.js';
import { bucketQuantile, type WindowFigures } from '../server-figures.js';
import { spanText } from '../span.js';
import { figure, type Observation, type RuleContext } from './observation.js';

/** The figures of the rule's window, or the observation that there are none. */
function figuresOf(
  rule: ErrorRateRule | LatencyRule,
  { server }: RuleContext,
): { subject: string; figures: WindowFigures; over: string } | Observation {
  const unknown = (subject: string, why: string, details = {}): Observation => {
    const what = rule.kind === 'latency' ? 'The latency' : 'The error rate';
    return { model: null, subject, state: 'unknown', summary: `${what} ${why}.`, details };
  };
  if (server === null)
    return unknown(
      'server',
      'is judged by each running server itself (riskops serve), not here; see what it found with: riskops alerts list',
      { judged_by: 'server' },
    );
  const figures = server.windows[rule.since];
  if (figures === undefined) return unknown(server.name, 'is not known yet: the server has just started');
  const over = `over ${figures.requests} request(s) in ${spanText(Math.round(figures.spanMs / 1000) * 1000)}`;
  if (figures.requests < rule.least)
    return unknown(server.name, `cannot be told ${over}: ${rule.least} are needed`, {
      requests: figures.requests,
    });
  return { subject: server.name, figures, over };
}

/** The share of requests that were answered with 5xx; those of probes do not count. */
export function lookAtErrors(rule: ErrorRateRule, context: RuleContext): Observation[] {
  const found = figuresOf(rule, context);
  if ('state' in found) return [found];
  const { subject, figures, over } = found;
  const rate = figures.errors / figures.requests;
  const isHigh = rate > rule.above;
  const summary = `${figure(rate * 100)} % of the answers of ${subject} are errors (5xx), ${isHigh ? 'above' : 'not above'} ${figure(rule.above * 100)} %, ${over}.`;
  const details = { rate, above: rule.above, requests: figures.requests, errors: figures.errors };
  return [{ model: null, subject, state: isHigh ? 'breach' : 'fine', summary, details }];
}

/** A quantile of the time from a request to the end of its answer. */
export function lookAtLatency(rule: LatencyRule, context: RuleContext): Observation[] {
  const found = figuresOf(rule, context);
  if ('state' in found) return [found];
  const { subject, figures, over } = found;
  const { seconds, isAtLeast } = bucketQuantile(figures.buckets, rule.quantile);
  const ms = seconds * 1000;
  const isHigh = ms > rule.above;
  const name = `p${Number((rule.quantile * 100).toFixed(1))}`;
  const summary = `${name} of the time of ${subject} is ${isAtLeast ? 'over' : 'about'} ${figure(ms)} ms, ${isHigh ? 'above' : 'not above'} ${figure(rule.above)} ms, ${over}.`;
  const details = { quantile: rule.quantile, ms, above: rule.above, requests: figures.requests };
  return [{ model: null, subject, state: isHigh ? 'breach' : 'fine', summary, details }];
}
