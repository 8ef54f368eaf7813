import { expect, test } from 'vitest';
import type { RuleContext } from '../../../src/monitoring/alerts/rules/observation.js';
import { lookAtErrors, lookAtLatency } from '../../../src/monitoring/alerts/rules/server.js';
import { bucketQuantile, CountHistory, readCounts } from '../../../src/monitoring/alerts/server-figures.js';
import { openPredictionLog } from '../../../src/monitoring/prediction-log.js';
import { createMetrics } from '../../../src/serving/metrics.js';
import type { ModelSlots } from '../../../src/serving/slots.js';
import { alertsConfig, MINUTE } from './alerts-support.js';

/** A server's own metrics, after so many requests of each kind. */
function serverMetrics() {
  const slots = { names: () => [] } as unknown as ModelSlots;
  const metrics = createMetrics(slots, openPredictionLog({ database: 'none', mode: 'off' }));
  const ask = (count: number, status: number, seconds: number, route = '/predict') => {
    for (let i = 0; i < count; i++) metrics.countRequest('POST', route, status, seconds);
  };
  const counts = async (at: number) => readCounts((await metrics.read()).text, at);
  return { ask, counts };
}

const rules = alertsConfig({}, [
  { name: 'errors', kind: 'error-rate', above: 0.1, since: '5m', least: 10 },
  { name: 'slow', kind: 'latency', above: 40, quantile: 0.9, since: '5m', least: 10 },
]).rules;

function look(history: CountHistory) {
  const found = history.over(5 * MINUTE);
  const windows = found === undefined ? {} : { [5 * MINUTE]: found };
  const context = { server: { name: '127.0.0.1:8000', windows } } as unknown as RuleContext;
  const [errors, slow] = rules;
  if (errors.kind !== 'error-rate' || slow.kind !== 'latency') throw new Error('other rules');
  return [...lookAtErrors(errors, context), ...lookAtLatency(slow, context)];
}

test('errors and latency are those of the window, without what probes ask', async () => {
  const { ask, counts } = serverMetrics();
  const history = new CountHistory(5 * MINUTE);
  ask(1_000, 500, 1);
  history.add(await counts(0));
  expect(look(history).map(({ state }) => state)).toEqual(['unknown', 'unknown']);
  for (let minute = 1; minute <= 5; minute++) {
    ask(9, 200, 0.003);
    ask(1, minute === 5 ? 503 : 422, 0.2);
    ask(50, 503, 2, '/ready');
    ask(50, 503, 2, '/v2/health/ready');
    history.add(await counts(minute * MINUTE));
  }
  expect(look(history)).toMatchObject([
    { state: 'fine', subject: '127.0.0.1:8000', details: { requests: 50, errors: 1, rate: 0.02 } },
    { state: 'fine', details: { ms: 5 } },
  ]);
  ask(10, 500, 0.2);
  history.add(await counts(6 * MINUTE));
  const [errors, slow] = look(history);
  expect(errors).toMatchObject({ state: 'breach', details: { requests: 50, errors: 11 } });
  expect(errors.summary).toBe(
    '22 % of the answers of 127.0.0.1:8000 are errors (5xx), above 10 %, over 50 request(s) in 5m.',
  );
  expect(slow.state).toBe('breach');
});

test('a quantile is that of histogram_quantile', () => {
  // Prometheus: histogram_quantile(0.5, {le="0.1"} 2, {le="0.5"} 10, {le="+Inf"} 12) = 0.1 + 0.4 * (6 - 2) / 8
  const buckets: [number, number][] = [
    [0.1, 2],
    [0.5, 10],
    [Number.POSITIVE_INFINITY, 12],
  ];
  expect(bucketQuantile(buckets, 0.5)).toEqual({ seconds: 0.1 + (0.4 * 4) / 8, isAtLeast: false });
  expect(bucketQuantile(buckets, 0.99)).toEqual({ seconds: 0.5, isAtLeast: true });
  expect(bucketQuantile([], 0.5).seconds).toBe(0);
});

test('a counter that begins anew makes no negative figure', () => {
  const history = new CountHistory(MINUTE);
  const counts = (at: number, requests: number) => ({ at, requests, errors: 0, buckets: [] });
  history.add(counts(0, 100));
  history.add(counts(MINUTE, 7));
  expect(history.over(MINUTE)).toMatchObject({ requests: 7, spanMs: MINUTE });
});
