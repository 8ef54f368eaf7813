import type { Store } from '../../../storage/store.js';
import { predictionsOf } from '../../read-predictions.js';
import type { NoDataRule } from '../alerts-config.js';
import { spanBack } from '../hours.js';
import { spanText } from '../span.js';
import { modelOf, type Observation, type RuleContext } from './observation.js';

async function hasPredictions(store: Store, model: string, from: string): Promise<boolean> {
  for await (const chunk of predictionsOf(store, { model, from })) if (chunk.length > 0) return true;
  return false;
}

async function hasOutcomes(store: Store, model: string, from: string): Promise<boolean> {
  const found = await store.db
    .selectFrom('outcomes')
    .select('sequence')
    .where('model', '=', model)
    .where('received_at', '>=', from)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** Whether anything came since; only the rule's hours count, so that a night is no silence. */
export async function lookForData(rule: NoDataRule, context: RuleContext): Promise<Observation[]> {
  const { store, now } = context;
  const model = await modelOf(rule.model, context);
  const from = spanBack(rule.hours, now, rule.since).toISOString();
  const look = rule.of === 'predictions' ? hasPredictions : hasOutcomes;
  const found = await look(store, model, from);
  const counted = rule.hours === null ? '' : ' (only its hours count)';
  const summary = found
    ? `${model} has ${rule.of} since ${from}.`
    : `${model} has no ${rule.of} since ${from}, for ${spanText(rule.since)}${counted}.`;
  return [
    {
      model,
      subject: model,
      state: found ? 'fine' : 'breach',
      summary,
      details: { of: rule.of, since: from },
    },
  ];
}
