import { namedSecret } from '../config.js';
import { EXIT } from '../errors.js';
import { type AlertsChecked, checkAlerts } from '../monitoring/alerts/check-alerts.js';
import type { Attempt } from '../monitoring/alerts/deliver.js';
import { faultLine } from '../monitoring/alerts/rule-faults.js';
import { printable } from '../util/text.js';
import { alertSubjects, alertsOf } from './alerts-config.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [],
  details:
    'Looks at every rule of "alerts" in the config once, tells the channels what begins and what is over, and tries again what could not be delivered before; riskops serve does the same by itself. Rules about a running server (error-rate, latency) are judged by that server itself, by its own requests: riskops alerts list has what it found, and what fires there fires here too.\nExit code: 0 nothing fires, 1 an alert fires or a message could not be delivered, 2 a rule has a metric that its model never has: the other rules are looked at all the same.',
  examples: ['riskops alerts check', 'riskops alerts check --json'],
  async run({ project, output, signal }) {
    const config = await alertsOf(project);
    return withStore(project, 'write', async (store) => {
      output.progress('looking at the alerts');
      const checked = await checkAlerts(store, {
        ...alertSubjects(project),
        ...{ config, secret: namedSecret, server: null, signal },
      });
      signal.throwIfAborted();
      for (const fault of checked.faults) output.talk(faultLine(fault));
      output.result(checked, () => describe(checked));
      const isWell =
        checked.rules.every(({ state }) => state !== 'firing') &&
        checked.deliveries.every(({ state }) => state === 'delivered');
      if (!isWell) return EXIT.REJECTED;
      return checked.faults.some(({ level }) => level === 'error') ? EXIT.USAGE : EXIT.DONE;
    });
  },
};

function describe({ rules, deliveries, waiting }: AlertsChecked): string[] {
  if (rules.length === 0) return ['The config has no rules.'];
  return [
    ...formatTable(
      ['rule', 'state', 'severity', 'told'],
      rules.map(({ rule, state, details, severity, event }) => [
        rule,
        details['judged_by'] === 'server' ? 'by server' : state,
        ...[severity, event],
      ]),
    ),
    '',
    ...rules.map(({ rule, summary }) => `${printable(rule, 80)}: ${summary}`),
    ...(deliveries.length === 0 ? [] : ['', ...deliveries.map(describeAttempt)]),
    ...(waiting === 0 ? [] : [`${waiting} message(s) wait for another attempt: riskops alerts deliveries`]),
  ];
}

function describeAttempt({ rule, channel, event, state, answer, ms, attempts }: Attempt): string {
  const what = `${printable(rule, 80)} (${event}) to ${channel}`;
  return `${what}: ${state} after ${ms} ms, attempt ${attempts}: ${answer}`;
}
