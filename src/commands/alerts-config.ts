import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Project } from '../config.js';
import { RiskopsError } from '../errors.js';
import { parseStrictJson } from '../models/strict-json.js';
import type { AlertsConfig } from '../monitoring/alerts/alerts-config.js';
import { isInlineJson } from '../settings.js';
import { printable } from '../util/text.js';

const LIMITS = { depth: 16, values: 100_000, refusedKey: '__proto__' };

/**
 * The alerts of a project; null when its config has none.
 * @throws CONFIG_INVALID
 */
export async function readAlerts(project: Project): Promise<AlertsConfig | null> {
  const { value, source } = project.resolve('alerts');
  if (typeof value !== 'string') return null;
  const place = isInlineJson(value) ? source.replace(/: alerts$/, '') : basename(value);
  const { parseAlerts } = await import('../monitoring/alerts/parse-alerts.js');
  try {
    const text = isInlineJson(value) ? value : readFileSync(value, 'utf8').replace(/^\uFEFF/, '');
    return parseAlerts(parseStrictJson(text, LIMITS), place);
  } catch (error) {
    if (error instanceof RiskopsError) throw error;
    throw new RiskopsError('CONFIG_INVALID', {
      what: `${printable(place)}: the alerts cannot be read.`,
      why: printable((error as Error).message, 300),
      fix: `mend "alerts" in ${printable(place)}`,
      cause: error,
    });
  }
}

/**
 * The same, where there must be some.
 * @throws CONFIG_INVALID, ALERTS_NOT_CONFIGURED
 */
export async function alertsOf(project: Project): Promise<AlertsConfig> {
  const alerts = await readAlerts(project);
  if (alerts !== null) return alerts;
  throw new RiskopsError('ALERTS_NOT_CONFIGURED', {
    what: 'There are no alerts to look at.',
    why:
      project.configPath === null
        ? 'There is no config here.'
        : `${basename(project.configPath)} has no "alerts".`,
  });
}

/** What every look needs of the project: the model that is meant, and which fields name the thing an outcome is told about. */
export function alertSubjects(project: Project): {
  model: string | null;
  entities: Record<string, string[]>;
} {
  const names = Object.keys(project.config.models ?? {});
  return {
    model: project.get<string | null>('model'),
    entities: Object.fromEntries(names.map((name) => [name, project.get<string[]>('entity', {}, name)])),
  };
}
