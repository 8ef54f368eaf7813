import type { Store } from '../../storage/store.js';
import type { AlertsConfig, ReadSecret, Rule } from './alerts-config.js';
import { type Attempt, deliverDue } from './deliver.js';
import { isAwake } from './hours.js';
import { type RuleState, recordObservations, tidyAlerts } from './record-observations.js';
import { faultsOfRules, type RuleFault } from './rule-faults.js';
import { isSlow, look } from './rules/all.js';
import type { RuleContext } from './rules/observation.js';
import type { Resolve } from './safe-request.js';

export interface CheckAlertsOptions extends Pick<RuleContext, 'model' | 'entities' | 'server'> {
  config: AlertsConfig;
  secret: ReadSecret;
  /** Names of the rules to look at; all of them. Messages that wait are delivered whosesoever they are. */
  only?: readonly string[];
  now?: () => Date;
  /** Aborted: what is being sent ends, nothing more begins. */
  signal?: AbortSignal;
  resolve?: Resolve;
}

export interface AlertsChecked {
  at: string;
  rules: RuleState[];
  /** Rules that can never fire as the store is. */
  faults: RuleFault[];
  deliveries: Attempt[];
  /** Messages that wait for another attempt. */
  waiting: number;
  /** How long each rule took, in milliseconds. */
  took: Record<string, number>;
}

function asleep({ name, kind, severity }: Rule): RuleState {
  const summary = 'not within its hours';
  return { rule: name, kind, severity, subject: '', state: 'asleep', summary, details: {}, event: null };
}

/**
 * Looks at every rule once, writes down what begins, goes on and ends, and delivers what is due. Rules that read many predictions
 * come last, so that they delay no message but their own.
 */
export async function checkAlerts(store: Store, options: CheckAlertsOptions): Promise<AlertsChecked> {
  const { config, only, now = () => new Date(), secret, signal, resolve } = options;
  const wanted = config.rules.filter(({ name }) => only?.includes(name) ?? true);
  const checked: AlertsChecked = {
    ...{ at: now().toISOString(), rules: [], deliveries: [], waiting: 0, took: {} },
    faults: await faultsOfRules(wanted, { store, model: options.model }),
  };
  for (const slow of [false, true]) {
    const rules = wanted.filter((rule) => isSlow(rule) === slow);
    if (slow && rules.length === 0) break;
    for (const rule of rules) {
      if (signal?.aborted) break;
      const begun = performance.now();
      checked.rules.push(...(await checkRule(store, rule, options, now())));
      checked.took[rule.name] = Math.round(performance.now() - begun);
    }
    const { channels } = config;
    checked.deliveries.push(...(await deliverDue(store, { channels, secret, now, signal, resolve })));
  }
  await tidyAlerts(store, now(), config.keepDays);
  checked.waiting = await countWaiting(store);
  return checked;
}

async function checkRule(
  store: Store,
  rule: Rule,
  options: CheckAlertsOptions,
  now: Date,
): Promise<RuleState[]> {
  if (!isAwake(rule.hours, now)) return [asleep(rule)];
  const { model, entities, server } = options;
  const observations = await look(rule, { store, now, model, entities, server });
  return recordObservations(store, rule, observations, now);
}

async function countWaiting(store: Store): Promise<number> {
  const { waiting } = await store.db
    .selectFrom('alert_deliveries')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow();
  return waiting;
}
