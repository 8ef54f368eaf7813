import type { Hours } from './hours.js';

export type Severity = 'info' | 'warning' | 'critical';

/** What every rule has. Lengths of time are in milliseconds. */
interface RuleBase {
  name: string;
  severity: Severity;
  /** Names of channels. */
  channels: string[];
  /** null: at all times. */
  hours: Hours | null;
  /** How long the condition must hold before it is an alert. */
  for: number;
  /** How long until a firing alert is told again; null is never. */
  repeatAfter: number | null;
  /** How long it may fire before `escalateTo` is told; null is never. */
  escalateAfter: number | null;
  escalateTo: string[];
  /** Whether the channels are told when it is over. */
  tellResolved: boolean;
}

/** A bound: exactly one of the two is a number. */
export interface Bound {
  above: number | null;
  below: number | null;
}

interface ModelRule extends RuleBase {
  /** null: the config's default, or the only one. */
  model: string | null;
  /** The window that ends now. */
  since: number;
}

export interface MetricRule extends ModelRule, Bound {
  kind: 'metric';
  metric: string;
  /** The field whose values are looked at one by one. */
  by: string | null;
  /** Outcomes below which nothing is said. */
  least: number;
}

export interface DriftRule extends ModelRule {
  kind: 'drift';
  /** The least share of the rows that must lie elsewhere; null: as `riskops drift` has it. */
  leastEffect: number | null;
}

export interface ScoreRule extends ModelRule, Bound {
  kind: 'score';
  /** So many predictions beyond the bound are an alert; null when `share` decides. */
  count: number | null;
  share: number | null;
  least: number;
}

export interface NoDataRule extends ModelRule {
  kind: 'no-data';
  of: 'predictions' | 'outcomes';
}

export interface ErrorRateRule extends RuleBase {
  kind: 'error-rate';
  /** The share of requests that were answered with 5xx. */
  above: number;
  since: number;
  /** Requests below which nothing is said. */
  least: number;
}

export interface LatencyRule extends RuleBase {
  kind: 'latency';
  /** Milliseconds. */
  above: number;
  quantile: number;
  since: number;
  least: number;
}

export type Rule = MetricRule | DriftRule | ScoreRule | NoDataRule | ErrorRateRule | LatencyRule;

interface ChannelBase {
  name: string;
  timeoutMs: number;
}

interface UrlChannel extends ChannelBase {
  /** null: `urlEnv` names the variable that holds it. */
  url: string | null;
  urlEnv: string | null;
  /** The receiver may be on this machine or in a private network. */
  allowPrivate: boolean;
}

export interface WebhookChannel extends UrlChannel {
  kind: 'webhook';
  /** The variable with the key that signs each message. */
  secretEnv: string | null;
}

export interface SlackChannel extends UrlChannel {
  kind: 'slack';
}

export interface EmailChannel extends ChannelBase {
  kind: 'email';
  host: string;
  port: number;
  secure: 'tls' | 'starttls' | 'none';
  user: string | null;
  passwordEnv: string | null;
  from: string;
  to: string[];
}

export interface CommandChannel extends ChannelBase {
  kind: 'command';
  /** The program and its arguments; no shell reads them. */
  command: string[];
}

export type Channel = WebhookChannel | SlackChannel | EmailChannel | CommandChannel;

export interface AlertsConfig {
  everySeconds: number;
  /** How long alerts that are over stay on record. */
  keepDays: number;
  channels: Channel[];
  rules: Rule[];
}

/** The value of an environment variable that a channel names; undefined when it is not set. */
export type ReadSecret = (variable: string) => string | undefined;
