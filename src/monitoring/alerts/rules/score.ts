import { predictionsOf } from '../../read-predictions.js';
import type { ScoreRule } from '../alerts-config.js';
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

const IDS_SHOWN = 10;

/** How many answers of the window lie beyond a bound: scores of an anomaly detector, probabilities, values. */
export async function lookAtScores(rule: ScoreRule, context: RuleContext): Promise<Observation[]> {
  const { store, now } = context;
  const model = await modelOf(rule.model, context);
  let predictions = 0;
  let beyond = 0;
  const ids: string[] = [];
  const from = new Date(now.getTime() - rule.since).toISOString();
  for await (const chunk of predictionsOf(store, { model, from, to: now.toISOString() })) {
    for (const { id, prediction } of chunk) {
      if (typeof prediction !== 'number') continue;
      predictions++;
      if (!isBeyond(rule, prediction)) continue;
      beyond++;
      ids.push(id);
      if (ids.length > IDS_SHOWN) ids.shift();
    }
  }
  const share = predictions === 0 ? 0 : beyond / predictions;
  const details = {
    ...{ predictions, beyond, share, above: rule.above, below: rule.below },
    version: await currentVersion(model, context),
    newest_prediction_ids: ids,
  };
  const text = `${beyond} of ${predictions} prediction(s) of ${model} in the last ${spanText(rule.since)} are ${boundText(rule)}`;
  const base = { model, subject: model, details };
  if (predictions < rule.least)
    return [{ ...base, state: 'unknown', summary: `${text}; ${rule.least} or more are needed to tell.` }];
  const breach = rule.count !== null ? beyond >= rule.count : share > (rule.share ?? 1);
  const limit = rule.count !== null ? `${rule.count} or more` : `a share over ${figure(rule.share ?? 1)}`;
  return [{ ...base, state: breach ? 'breach' : 'fine', summary: `${text}; an alert is ${limit}.` }];
}
