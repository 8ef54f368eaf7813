import { RiskopsError } from '../../errors.js';
import { liveMetricNames } from '../accuracy-metrics.js';
import { VersionFactsReader } from '../version-facts.js';
import type { Rule } from './alerts-config.js';
import { modelOf, type RuleContext } from './rules/observation.js';

/** Why a rule can never fire, as the store is. */
export interface RuleFault {
  rule: string;
  /** `warning`: what it waits for may come yet, such as a model that was not trained. */
  level: 'error' | 'warning';
  /** One printable sentence or two. */
  problem: string;
}

function sentence({ message, why = '' }: RiskopsError): string {
  // Why is a sentence of its own, or the end of this one: did you mean "credit"?
  const joined = /^[a-z]/.test(why) ? `${message.replace(/\.$/, '')}; ${why}` : `${message} ${why}`;
  return /[.?]\s*$/.test(joined) ? joined.trimEnd() : `${joined}.`;
}

async function faultOf(
  rule: Rule,
  context: Pick<RuleContext, 'store' | 'model'>,
  facts: VersionFactsReader,
): Promise<RuleFault | undefined> {
  if (!('model' in rule)) return undefined;
  let level: RuleFault['level'] = 'warning';
  try {
    const model = await modelOf(rule.model, context);
    const task = rule.kind === 'metric' ? (await facts.ofModel(model))?.task : undefined;
    level = 'error';
    if (rule.kind === 'metric' && task !== undefined) liveMetricNames(task, [rule.metric]);
    return undefined;
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return { rule: rule.name, level, problem: sentence(error) };
  }
}

/** The rules that can never fire as the store is: of a model that is not in it, or with a metric that the model's task never has. */
export async function faultsOfRules(
  rules: readonly Rule[],
  context: Pick<RuleContext, 'store' | 'model'>,
): Promise<RuleFault[]> {
  const facts = new VersionFactsReader(context.store);
  const faults: RuleFault[] = [];
  for (const rule of rules) {
    const fault = await faultOf(rule, context, facts);
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

/** A fault as a line for people. */
export const faultLine = ({ rule, level, problem }: RuleFault): string =>
  `${level === 'error' ? 'Error' : 'Warning'}: alert rule "${rule}" cannot fire. ${problem}`;
