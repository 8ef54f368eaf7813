import { printable } from '../../../util/text.js';
import { type Measured, measureAccuracy } from '../../accuracy.js';
import type { MetricRule } from '../alerts-config.js';
import { spanText } from '../span.js';
import {
  boundText,
  currentVersion,
  figure,
  isBeyond,
  modelOf,
  type Observation,
  type RuleContext,
} from './observation.js';

/** A metric of the answers that have an outcome by now, over the window that ends now; overall, or each segment by itself. */
export async function lookAtMetric(rule: MetricRule, context: RuleContext): Promise<Observation[]> {
  const { store, now, entities } = context;
  const model = await modelOf(rule.model, context);
  const accuracy = await measureAccuracy(store, {
    model,
    from: new Date(now.getTime() - rule.since).toISOString(),
    to: now.toISOString(),
    by: rule.by === null ? undefined : [rule.by],
    metrics: [rule.metric],
    entity: entities[model],
  });
  const about = { model, version: await currentVersion(model, context) };
  if (rule.by === null) return [judge(rule, about, model, accuracy.overall)];
  return accuracy.segments.map((measured) => {
    const segment = Object.entries(measured.segment).map(([field, value]) => `${field}=${value}`);
    return judge(rule, about, printable(`${model}, ${segment.join(', ')}`), measured);
  });
}

function judge(
  rule: MetricRule,
  { model, version }: { model: string; version: number | null },
  subject: string,
  measured: Measured,
): Observation {
  const { metric, least } = rule;
  const found = measured.metrics.find(({ name }) => name === metric);
  const { with_outcome: outcomes } = measured;
  const over = `over ${outcomes} outcome(s) of the last ${spanText(rule.since)}`;
  const details = {
    metric,
    value: found?.value ?? null,
    lower: found?.lower ?? null,
    upper: found?.upper ?? null,
    ...{ above: rule.above, below: rule.below, outcomes, predictions: measured.predictions, version },
  };
  const value = found?.value ?? null;
  if (outcomes < least || value === null) {
    const why =
      outcomes < least ? `${least} are needed` : (measured.too_few ?? found?.why ?? 'it is not known');
    const summary = printable(`${metric} of ${subject} cannot be told ${over}: ${why}.`, 400);
    return { model, subject, state: 'unknown', summary, details };
  }
  const breach = isBeyond(rule, value);
  const beside = breach ? boundText(rule) : `not ${boundText(rule)}`;
  const summary = `${metric} of ${subject} is ${figure(value)}, ${beside}, ${over}.`;
  return { model, subject, state: breach ? 'breach' : 'fine', summary, details };
}
