import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { badConfig, readConfigValue } from './config-value.js';
import { RiskopsError } from './errors.js';
import type { WrittenAlerts } from './monitoring/alerts/parse-alerts.js';
import { canonicalName } from './registry/models.js';
import { parseSetting, type Setting } from './settings.js';
import { printable, suggestWord } from './util/text.js';

/** The settings of one model: what `train` and the gate take from the config. */
export interface ModelConfig {
  /** A file or folder, relative to the config's folder, or a database with a query. */
  data?: string;
  target?: string;
  task?: 'binary' | 'multiclass' | 'regression';
  /** The class whose probability is predicted. */
  positive?: string;
  learner?: string;
  engine?: string;
  split?: string;
  seed?: number;
  threads?: number;
  drop?: string[];
  keep?: string[];
  /** A schema file, as written by `riskops init`. */
  schema?: string;
  /** The column that orders the rows. */
  time?: string;
  /** The column that tells series apart. */
  series?: string;
  /** Makes a forecaster: how many steps ahead it answers. */
  horizon?: number;
  strategy?: 'recursive' | 'direct';
  /** The column with the rows' weights. */
  weights?: string;
  classWeight?: 'balanced';
  balance?: 'oversample' | 'undersample';
  /** Share of the training rows that early stopping watches. */
  validation?: number;
  /** Leak guards to overrule. */
  allow?: string[];
  /** Steps before the learner's own, or the path of a JSON file with them. */
  recipe?: string | { kind: string; [setting: string]: unknown }[];
  /** How the rows are made of the data's, or the path of a JSON file that says it. */
  reshape?: string | Record<string, unknown>;
  /** How the target is made, or the path of a JSON file that says it. */
  label?: string | Record<string, unknown>;
  /** The field of a request's row, or the fields, whose value names the thing that an outcome is told about. */
  entity?: string | string[];
  /** Rules that a row to be predicted must keep, or the path of a JSON file with them. */
  checks?: string | (string | { rule: string; message?: string })[];
  /** Features that the server fetches by a key from a database, or the path of a JSON file that says it. */
  lookups?: string | Record<string, unknown>[];
  /** Hyper-parameters of the learner. */
  hyper?: Record<string, number | string | boolean | null>;
  /** The gate's policy, or the path of a JSON file that holds it, relative to the config's folder. */
  policy?: string | Record<string, unknown>;
}

/** What riskops.config.* holds. */
export interface Config {
  /** The model that commands mean when `--model` is not given. */
  model?: string;
  actor?: string;
  database?: string;
  artifacts?: string;
  currentModel?: string;
  serve?: {
    host?: string;
    port?: number;
    workers?: number;
    log?: 'buffered' | 'sync' | 'off';
    logMs?: number;
    logRows?: number;
    bodyBytes?: number;
    rows?: number;
    requestMs?: number;
    allowedHosts?: string[];
    /** Other sites whose pages may use the server. */
    origins?: string[];
    basePath?: string;
    connections?: number;
    /** A version that answers beside the promoted one, and only for the log: its number, an alias or `latest`; `model:version` of another model. */
    shadow?: string | number;
    /** A version that answers a share of the requests: `3=5%`. */
    canary?: string;
  };
  /** Who may use the server. */
  auth?: {
    /** A JWKS file, relative to the config's folder, or its https URL. */
    jwks?: string;
    jwtAudience?: string;
    jwtIssuer?: string;
    jwtRoleClaim?: string;
  };
  /** What the prediction log keeps. */
  log?: {
    /** Fields whose values are never written: names, or patterns such as `customer.*`. */
    redact?: string[];
    /** Days after which predictions, with their outcomes, are deleted. */
    keepDays?: number;
  };
  /** What `--learner auto` tries, by the number of rows, and how long it tunes. */
  auto?: { least?: number; few?: number; many?: number; trials?: number; seconds?: number };
  /** The copies of the database that commands make by themselves. */
  backup?: { hours?: number; keep?: number; megabytes?: number };
  ci?: {
    /** Scripts of package.json that `riskops ci` runs. */
    scripts?: string[];
    scriptSeconds?: number;
    undecided?: 'report' | 'fail';
  };
  /** The rules that are watched, and the channels that are told; or the path of a JSON file with them. */
  alerts?: string | WrittenAlerts;
  models?: Record<string, ModelConfig>;
}

/** Gives an editor the types of the config; returns it unchanged. */
export function defineConfig(config: Config): Config {
  return config;
}

/** Keys of the config that hold settings of their own. */
const BLOCKS = ['serve', 'auth', 'log', 'backup', 'auto', 'ci'] as const;

const CONFIG_NAMES = ['riskops.config.ts', 'riskops.config.mjs', 'riskops.config.json'];

/** The config of a folder, or of the nearest one above it; null when there is none. CONFIG_INVALID when a folder has two. */
export function findConfig(folder: string, walkUp: boolean): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = CONFIG_NAMES.map((name) => join(at, name)).filter((path) => existsSync(path));
    if (found.length > 1) {
      throw new RiskopsError('CONFIG_INVALID', {
        what: `${at} has more than one config: ${found.map((path) => basename(path)).join(', ')}.`,
        why: 'Only one can be the truth.',
        fix: `delete all but ${basename(found[0])}`,
      });
    }
    if (found.length === 1) return found[0];
    if (!walkUp || dirname(at) === at) return null;
  }
}

/** Loads and checks a config. CONFIG_INVALID names the key, or says why it cannot be loaded. */
export async function loadConfig(path: string, settings: readonly Setting[]): Promise<Config> {
  const value = await readConfigValue(path);
  checkConfig(path, value, settings);
  return value;
}

/**
 * A policy that lies in a file of its own. It is read when a candidate is judged: a fault in it stops no rollback.
 * @throws POLICY_INVALID
 */
export function readPolicyFile(path: string): Record<string, unknown> {
  const refuse = (why: string, cause?: unknown) =>
    new RiskopsError('POLICY_INVALID', {
      what: `The policy file ${printable(path)} cannot be used.`,
      why,
      fix: 'mend the file, or the path in "policy" of riskops.config',
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw refuse(printable((error as Error).message), error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw refuse('It must hold one JSON object.');
}

/** Keys of the config below a path such as `serve` or `models.*`, from the settings' own table. */
function knownKeys(prefix: string, settings: readonly Setting[]): string[] {
  const start = prefix === '' ? '' : `${prefix}.`;
  const keys = settings
    .filter((setting) => setting.config.startsWith(start))
    .map((setting) => setting.config.slice(start.length).split('.')[0]);
  return [...new Set(keys)];
}

function checkObject(path: string, name: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badConfig(path, `${name} must be an object.`);
}

interface Block {
  path: string;
  settings: readonly Setting[];
  /** Its place in the settings' table: ``, `serve` or `models.*`. */
  prefix: string;
  /** Its place in this config. */
  shown: string;
  alsoKnown?: string[];
}

function checkBlock({ path, settings, prefix, shown, alsoKnown = [] }: Block, value: unknown): void {
  checkObject(path, shown || 'the config', value);
  const known = [...new Set([...knownKeys(prefix, settings), ...alsoKnown])];
  for (const [key, item] of Object.entries(value)) {
    const name = shown === '' ? key : `${shown}.${key}`;
    if (!known.includes(key)) throw badConfig(path, `unknown key "${name}".`, suggestWord(key, known));
    const setting = settings.find(
      (candidate) => candidate.config === (prefix === '' ? key : `${prefix}.${key}`),
    );
    if (!setting || item === undefined) continue;
    try {
      parseSetting(setting, item);
    } catch (error) {
      throw badConfig(path, `"${name}" ${(error as Error).message}.`);
    }
  }
}

function checkConfig(path: string, value: unknown, settings: readonly Setting[]): asserts value is Config {
  const top = { path, settings };
  checkBlock({ ...top, prefix: '', shown: '' }, value);
  const { models = {}, ...config } = value as Config;
  for (const block of BLOCKS) checkBlock({ ...top, prefix: block, shown: block }, config[block] ?? {});
  checkObject(path, 'models', models);
  const names = Object.keys(models);
  const { model } = value as Config;
  if (model !== undefined && names.length > 0 && !names.includes(model))
    throw badConfig(
      path,
      `"model" is "${printable(model, 80)}", which is not among its models.`,
      suggestWord(model, names),
    );
  for (const [name, block] of Object.entries(models)) {
    checkName(path, name);
    checkBlock(
      { ...top, prefix: 'models.*', shown: `models.${name}`, alsoKnown: ['hyper', 'policy'] },
      block,
    );
    if (block.hyper !== undefined) checkObject(path, `models.${name}.hyper`, block.hyper);
    if (block.policy !== undefined && typeof block.policy !== 'string')
      checkObject(path, `models.${name}.policy`, block.policy);
  }
}

function checkName(path: string, name: string): void {
  if (canonicalName(name) === undefined)
    throw badConfig(path, `"${printable(name, 80)}" cannot be a model's name.`);
}
