import { existsSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { RiskopsError } from './errors.js';
import { trainSettings } from './pipeline/settings.js';
import { serveSettings } from './serving/settings.js';
import { parseSetting, type Setting, type SettingValue } from './settings.js';
import { storeSettings } from './storage/settings.js';
import type { StorePlaces } from './storage/store.js';
import { packageRoot } from './util/package.js';
import { printable, suggestWord } from './util/text.js';

/** The settings of one model: what `train` and the gate take from the config. */
export interface ModelConfig {
  /** CSV or CSV.gz, relative to the config's folder. */
  data?: string;
  target?: string;
  task?: 'binary' | 'regression';
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
  /** Hyper-parameters of the learner. */
  hyper?: Record<string, number | string | boolean | null>;
  /** The gate's policy. */
  policy?: Record<string, unknown>;
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
    log?: 'buffered' | 'sync' | 'off';
    logMs?: number;
    logRows?: number;
    bodyBytes?: number;
    rows?: number;
    requestMs?: number;
    allowedHosts?: string[];
  };
  models?: Record<string, ModelConfig>;
}

/** Gives an editor the types of the config; returns it unchanged. */
export function defineConfig(config: Config): Config {
  return config;
}

const CONFIG_NAMES = ['riskops.config.ts', 'riskops.config.mjs', 'riskops.config.json'];

const generalSettings: readonly Setting[] = [
  {
    key: 'model',
    config: 'model',
    env: 'RISKOPS_MODEL',
    kind: 'text',
    default: null,
    description: 'the model that is meant when --model is not given',
  },
  {
    key: 'actor',
    config: 'actor',
    env: 'RISKOPS_ACTOR',
    kind: 'text',
    default: null,
    description: 'who promotes and rolls back, for the history; the login name when not set',
  },
];

/** Every setting, gathered from the rooms that define them. `models.*` stands for the chosen model's block. */
export const settings: readonly Setting[] = [
  ...generalSettings,
  ...storeSettings,
  ...trainSettings,
  ...serveSettings,
];

export type Origin = 'flag' | 'environment' | 'config' | 'default';

export interface Resolved {
  key: string;
  value: SettingValue;
  origin: Origin;
  /** `--port`, `RISKOPS_PORT`, `riskops.config.mjs: serve.port`; empty for a default. */
  source: string;
}

/** Where the commands work: the folder, its config, and the settings in force. */
export interface Project {
  /** The folder of the nearest config upwards, else the folder the command was called in. */
  root: string;
  configPath: string | null;
  config: Config;
  places: StorePlaces;
  actor: string;
  /** One setting: flag > environment > config > default. `model` chooses the block for `models.*` settings. */
  resolve(key: string, flags?: Record<string, unknown>, model?: string): Resolved;
  /** The value of `resolve`. */
  get<T extends SettingValue>(key: string, flags?: Record<string, unknown>, model?: string): T;
}

export interface ProjectOptions {
  cwd?: string;
  /** `--dir`: the project's folder; no walking up. */
  dir?: string;
  /** The folder is about to be made. */
  dirMayBeMissing?: boolean;
  environment?: NodeJS.ProcessEnv;
}

function findConfig(folder: string, walkUp: boolean): string | null {
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

async function importConfig(path: string): Promise<unknown> {
  if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  const { createJiti } = await import('jiti');
  const library = join(packageRoot(), 'dist', 'index.js');
  const jiti = createJiti(path, { fsCache: false, moduleCache: false, alias: { riskops: library } });
  return jiti.import(path, { default: true });
}

function badConfig(path: string, what: string, why?: string): RiskopsError {
  return new RiskopsError('CONFIG_INVALID', { what: `${basename(path)}: ${what}`, why, fix: `mend ${path}` });
}

async function loadConfig(path: string): Promise<Config> {
  let value: unknown;
  try {
    value = await importConfig(path);
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw badConfig(path, 'it cannot be loaded.', message);
  }
  checkConfig(path, value);
  return value;
}

/** Keys of the config below a path such as `serve` or `models.*`, from the settings' own table. */
function knownKeys(prefix: string): string[] {
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

function checkBlock(
  path: string,
  prefix: string,
  shown: string,
  value: unknown,
  alsoKnown: string[] = [],
): void {
  checkObject(path, shown || 'the config', value);
  const known = [...knownKeys(prefix), ...alsoKnown];
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

function checkConfig(path: string, value: unknown): asserts value is Config {
  checkBlock(path, '', '', value, ['models', 'serve']);
  const { serve = {}, models = {} } = value as Config;
  checkBlock(path, 'serve', 'serve', serve);
  checkObject(path, 'models', models);
  for (const [name, block] of Object.entries(models)) {
    checkBlock(path, 'models.*', `models.${name}`, block, ['hyper', 'policy']);
    for (const part of ['hyper', 'policy'] as const)
      if (block[part] !== undefined) checkObject(path, `models.${name}.${part}`, block[part]);
  }
}

function configValue(config: Config, setting: Setting, model: string | undefined): unknown {
  const steps = setting.config
    .split('.')
    .map((step) => (step === '*' ? (model ?? config.model ?? onlyModel(config)) : step));
  let value: unknown = config;
  for (const step of steps) {
    if (step === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function onlyModel(config: Config): string | undefined {
  const names = Object.keys(config.models ?? {});
  return names.length === 1 ? names[0] : undefined;
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** `RISKOPS_DEBUG=1` asks for the stack of an error. */
export const debugWanted = (environment: NodeJS.ProcessEnv = process.env) =>
  environment['RISKOPS_DEBUG'] === '1';

/** https://no-color.org; as in Node itself, FORCE_COLOR is the stronger wish. */
export const colourRefused = (environment: NodeJS.ProcessEnv = process.env) =>
  (environment['NO_COLOR'] ?? '') !== '' && environment['FORCE_COLOR'] === undefined;

/** The environment for a sandboxed child process: without any RISKOPS_* setting, so that it cannot reach the caller's store. */
export function sandboxEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && !name.toUpperCase().startsWith('RISKOPS_'),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

function checkFolder(given: string, path: string, mayBeMissing: boolean): void {
  const found = existsSync(path);
  if (found ? statSync(path).isDirectory() : mayBeMissing) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--dir ${printable(given)}: there is no such folder.`,
    why: found ? 'It is a file.' : `Looked for ${printable(path)}.`,
    fix: found ? 'name a folder' : `riskops init --dir ${printable(given)}`,
  });
}

/** Reads the environment and the nearest config, and says what is in force. */
export async function openProject({
  cwd = process.cwd(),
  dir,
  dirMayBeMissing = false,
  environment = process.env,
}: ProjectOptions = {}): Promise<Project> {
  const start = dir === undefined ? cwd : resolve(cwd, dir);
  if (dir !== undefined) checkFolder(dir, start, dirMayBeMissing);
  const configPath = findConfig(start, dir === undefined);
  const root = configPath === null ? start : dirname(configPath);
  const config = configPath === null ? {} : await loadConfig(configPath);

  const resolveSetting = (key: string, flags: Record<string, unknown> = {}, model?: string): Resolved => {
    const setting = settings.find((candidate) => candidate.key === key);
    if (!setting) throw new Error(`no setting is called ${key}`);
    const parse = (given: unknown, shown: string) => {
      try {
        return parseSetting(setting, given);
      } catch (error) {
        throw new RiskopsError('OPTION_INVALID', { what: `${shown} ${(error as Error).message}.` });
      }
    };
    const place = (value: SettingValue, base: string) => {
      if (typeof value !== 'string') return value;
      if (setting.kind === 'path') return resolve(base, value);
      const isFile = setting.kind === 'split' && value.startsWith('file:') && value !== 'file:';
      return isFile ? `file:${resolve(base, value.slice('file:'.length))}` : value;
    };
    if (flags[key] !== undefined) {
      const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return { key, value: place(parse(flags[key], flag), cwd), origin: 'flag', source: flag };
    }
    const variable = environment[setting.env];
    if (variable !== undefined && variable !== '') {
      return {
        key,
        value: place(parse(variable, setting.env), root),
        origin: 'environment',
        source: setting.env,
      };
    }
    const configured = configValue(config, setting, model);
    if (configured !== undefined && configPath !== null) {
      const source = `${basename(configPath)}: ${setting.config.replace('*', model ?? config.model ?? onlyModel(config) ?? '*')}`;
      return { key, value: place(parse(configured, setting.config), root), origin: 'config', source };
    }
    return { key, value: place(setting.default, root), origin: 'default', source: '' };
  };
  const get = <T extends SettingValue>(key: string, flags?: Record<string, unknown>, model?: string) =>
    resolveSetting(key, flags, model).value as T;
  return {
    root,
    configPath,
    config,
    places: {
      database: get<string>('database'),
      artifacts: get<string>('artifacts'),
      currentModel: get<string>('currentModel'),
    },
    actor: get<string | null>('actor') ?? loginName(),
    resolve: resolveSetting,
    get,
  };
}
