import type { StorePlaces } from '../../storage/store.js';
import type { AlertsConfig } from './alerts-config.js';
import type { AlertsChecked } from './check-alerts.js';
import type { ServerFigures } from './server-figures.js';

/** What the process that looks at the alerts is told. */
export interface AlertsJob {
  places: StorePlaces;
  config: AlertsConfig;
  /** The variables that the channels name; they are told by message, and stand in no list of processes. */
  secrets: Record<string, string>;
  /** Names of the rules to look at. */
  only: string[];
  model: string | null;
  entities: Record<string, readonly string[]>;
  server: ServerFigures;
}

/** What it answers. */
export type AlertsAnswer = { checked: AlertsChecked } | { fault: string };

/** The variables that channels name. */
export function namedVariables({ channels }: AlertsConfig): string[] {
  const named = channels.flatMap((channel) => [
    'urlEnv' in channel ? channel.urlEnv : null,
    'secretEnv' in channel ? channel.secretEnv : null,
    'passwordEnv' in channel ? channel.passwordEnv : null,
  ]);
  return [...new Set(named.filter((name) => name !== null))];
}
