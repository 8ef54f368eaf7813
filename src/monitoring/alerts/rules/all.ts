import { printable } from '../../../util/text.js';
import type { Rule } from '../alerts-config.js';
import { lookAtDrift } from './drift.js';
import { lookAtMetric } from './metric.js';
import { lookForData } from './no-data.js';
import type { Observation, RuleContext } from './observation.js';
import { lookAtScores } from './score.js';
import { lookAtErrors, lookAtLatency } from './server.js';

function lookBy(rule: Rule, context: RuleContext): Promise<Observation[]> | Observation[] {
  switch (rule.kind) {
    case 'metric':
      return lookAtMetric(rule, context);
    case 'drift':
      return lookAtDrift(rule, context);
    case 'score':
      return lookAtScores(rule, context);
    case 'no-data':
      return lookForData(rule, context);
    case 'error-rate':
      return lookAtErrors(rule, context);
    case 'latency':
      return lookAtLatency(rule, context);
  }
}

/** What a rule finds. A rule that cannot be looked at says why, and holds up no other. */
export async function look(rule: Rule, context: RuleContext): Promise<Observation[]> {
  try {
    return await lookBy(rule, context);
  } catch (error) {
    const summary = printable(String((error as Error).message ?? error), 400);
    const model = 'model' in rule ? rule.model : null;
    return [{ model, subject: model ?? '', state: 'unknown', summary, details: {} }];
  }
}

/** Kinds that read many predictions: they come after the others, and what they found is told after. */
export const isSlow = ({ kind }: Rule) => kind === 'metric' || kind === 'drift';
