import type { Project } from '../config.js';
import type { Signature } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import { loadCurrent } from '../pipeline/load-current.js';
import { usableSource } from '../pipeline/source-paths.js';
import { RowRules, type RowRulesConfig } from '../serving/row-rules.js';
import { jsonOf } from './json-option.js';

/** A source's path begins at the project's folder. */
function withPlaces(root: string, lookups: unknown): unknown {
  if (!Array.isArray(lookups)) return lookups;
  return lookups.map((lookup: unknown) => {
    if (typeof lookup !== 'object' || lookup === null || Array.isArray(lookup)) return lookup;
    const { source } = lookup as { source?: unknown };
    return typeof source === 'string' ? { ...lookup, source: usableSource(root, source) } : lookup;
  });
}

/** The checks and lookups that a project's config has for a model, as parsed JSON. */
export function rowRulesOf(project: Project, model: string): RowRulesConfig {
  const json = (key: 'checks' | 'lookups') => {
    const { value, source } = project.resolve(key, {}, model);
    return jsonOf(key, value as string | null, source);
  };
  return { checks: json('checks'), lookups: withPlaces(project.root, json('lookups')) };
}

const AGAIN_MS = 60_000;

/** Tells the same line once a minute at most: a source that is away is asked by every request. */
function seldom(tell: (line: string) => void): (line: string) => void {
  let [told, at] = ['', 0];
  return (line) => {
    const now = performance.now();
    if (line === told && now - at < AGAIN_MS) return;
    [told, at] = [line, now];
    tell(line);
  };
}

async function currentSignature(project: Project, model: string): Promise<Signature | null> {
  try {
    return (await loadCurrent(project.places, model)).predictor.header.signature;
  } catch (error) {
    // The server starts without a model too, and says itself what is the matter with it.
    if (error instanceof RiskopsError) return null;
    throw error;
  }
}

/**
 * The rules of every model of the project's config, held to the models that are current.
 * @throws RiskopsError CHECKS_INVALID, OPTION_INVALID
 */
export async function openRowRules(project: Project, onTrouble: (line: string) => void): Promise<RowRules> {
  const named = project.get<string | null>('model');
  const names = new Set([...Object.keys(project.config.models ?? {}), ...(named === null ? [] : [named])]);
  const configs = new Map([...names].map((name) => [name.normalize('NFC'), rowRulesOf(project, name)]));
  const used = new Map([...configs].filter(([, { checks, lookups }]) => checks !== null || lookups !== null));
  const beside = (model: string) => project.get<string[]>('entity', {}, model);
  const rules = new RowRules(used, { beside, onTrouble: seldom(onTrouble) });
  try {
    for (const name of used.keys()) await rules.start(name, await currentSignature(project, name));
  } catch (error) {
    await rules.close();
    throw error;
  }
  return rules;
}
