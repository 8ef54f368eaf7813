import { printable } from '../../util/text.js';
import type { Severity } from './alerts-config.js';

/** `changed`: it fires on, and another version is current than when it was told last. */
export type AlertEvent = 'firing' | 'repeated' | 'changed' | 'escalated' | 'resolved' | 'test';

/** What a receiver is told, as a webhook gets it. Times are UTC. */
export interface AlertMessage {
  /** The same for every attempt: a receiver that has seen it may drop it. */
  delivery_id: string;
  alert_id: string;
  event: AlertEvent;
  channel: string;
  rule: string;
  kind: string;
  severity: Severity;
  model: string | null;
  subject: string;
  /** One sentence. */
  summary: string;
  details: Record<string, unknown>;
  /** When it was first seen, and when this message was made. */
  first_at: string;
  at: string;
  times: number;
}

const EVENTS: Record<AlertEvent, string> = {
  firing: 'FIRING',
  repeated: 'STILL FIRING',
  changed: 'STILL FIRING WITH ANOTHER VERSION',
  escalated: 'ESCALATED',
  resolved: 'RESOLVED',
  test: 'TEST',
};

const DETAILS_CHARACTERS = 2_000;

/** One line, without anything that could begin another. */
export function titleOf({ event, severity, rule, subject }: AlertMessage): string {
  const about = subject === '' ? '' : ` (${printable(subject, 80)})`;
  return `[riskops] ${EVENTS[event]} ${severity}: ${printable(rule, 80)}${about}`;
}

/** The message as lines of `name: value`, for people. */
function linesOf(message: AlertMessage): [name: string, value: string][] {
  const { summary, severity, model, subject, first_at, at, times, details, alert_id, delivery_id } = message;
  const lines: [string, string | null][] = [
    ['what', summary],
    ['severity', severity],
    ['model', model],
    ['subject', subject === model ? null : subject],
    ['since', first_at],
    ['at', at],
    ['seen', `${times} time(s)`],
    ['details', Object.keys(details).length === 0 ? null : JSON.stringify(details)],
    ['alert', alert_id],
    ['delivery', delivery_id],
  ];
  return lines.flatMap(([name, value]): [string, string][] =>
    value === null || value === '' ? [] : [[name, printable(value, DETAILS_CHARACTERS)]],
  );
}

/** Slack's three characters: https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function slackText(message: AlertMessage): string {
  const text = [titleOf(message), ...linesOf(message).map(([name, value]) => `${name}: ${value}`)].join('\n');
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function plainText(message: AlertMessage): string {
  return `${linesOf(message)
    .map(([name, value]) => `${name.padEnd(9)} ${value}`)
    .join('\n')}\n`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const htmlText = (text: string) => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]);

export function htmlPage(message: AlertMessage): string {
  const rows = linesOf(message).map(
    ([name, value]) => `<tr><th align="left">${htmlText(name)}</th><td>${htmlText(value)}</td></tr>`,
  );
  return `<!doctype html><html><body><h3>${htmlText(titleOf(message))}</h3><table>${rows.join('')}</table></body></html>`;
}
