import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { ciSettings } from './checks/settings.js';
import { type Config, findConfig, loadConfig, readPolicyFile } from './config-file.js';
import { rowSettings } from './datasets/settings.js';
import { RiskopsError } from './errors.js';
import { alertSettings } from './monitoring/alerts/settings.js';
import { monitoringSettings } from './monitoring/settings.js';
import { autoSettings } from './pipeline/auto-settings.js';
import { trainSettings } from './pipeline/settings.js';
import { usableSource } from './pipeline/source-paths.js';
import { authSettings } from './serving/auth/settings.js';
import { serveSettings } from './serving/settings.js';
import { isInlineJson, parseSetting, type Setting, type SettingValue } from './settings.js';
import { storeSettings } from './storage/settings.js';
import type { StorePlaces } from './storage/store.js';
import { printable } from './util/text.js';

export { type Config, defineConfig, type ModelConfig } from './config-file.js';

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
  ...autoSettings,
  ...serveSettings,
  ...rowSettings,
  ...authSettings,
  ...monitoringSettings,
  ...alertSettings,
  ...ciSettings,
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
  /** A model's policy as it is written, in the config or in the file that the config names; empty when there is none. */
  policyOf(model: string): Record<string, unknown>;
  /** The value of `resolve`. */
  get<T extends SettingValue>(key: string, flags?: Record<string, unknown>, model?: string): T;
}

export interface ProjectOptions {
  cwd?: string;
  /** `--dir`: the project's folder; no walking up. */
  dir?: string;
  /** The folder is about to be made. */
  dirMayBeMissing?: boolean;
  /** The config is looked for, since it says which folder is the project's, and not loaded. */
  withoutConfig?: boolean;
  environment?: NodeJS.ProcessEnv;
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

export const colourForced = (environment: NodeJS.ProcessEnv = process.env) =>
  environment['FORCE_COLOR'] !== undefined;

/** The environment for a sandboxed child process: without any RISKOPS_* setting, so that it cannot reach the caller's store. */
export function sandboxEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && !name.toUpperCase().startsWith('RISKOPS_'),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** The environment of a command that a server runs for somebody: the server's own, and who asked. */
export function actingEnvironment(
  actor: string,
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string | undefined> {
  const { RISKOPS_TOKEN: _, ...rest } = environment;
  return { ...rest, RISKOPS_ACTOR: actor };
}

/** What a token or a JWT is made of; shorter ones could be guessed. */
const SENT_TOKEN = /^[\w.~+/=-]{32,8192}$/;

/**
 * The token that commands send to a server, from RISKOPS_TOKEN; no setting, so that none is kept in a config or shown.
 * @throws OPTION_INVALID when it is set, and no token
 */
export function sentToken(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const token = environment['RISKOPS_TOKEN'];
  if (token === undefined || SENT_TOKEN.test(token)) return token;
  throw new RiskopsError('OPTION_INVALID', {
    what: `RISKOPS_TOKEN is set, and is ${token === '' ? 'empty' : 'no token'}.`,
    why: 'A token has 32 characters or more, without spaces.',
    fix: 'riskops token create --name NAME --role viewer, or unset RISKOPS_TOKEN',
  });
}

/** The value of a variable that a config names, such as the secret of a channel; undefined when it is not set, or empty. */
export function namedSecret(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment[name] || undefined;
}

/** What `riskops ci` goes by: a sandbox's environment, and its own settings. A store that was exported for another purpose stays out of reach. */
export function ciEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const own = Object.entries(environment).filter(([name]) => name.startsWith('RISKOPS_CI_'));
  return { ...sandboxEnvironment(environment), ...(Object.fromEntries(own) as Record<string, string>) };
}

/** Where `riskops ci` runs, as the variables of GitHub Actions say: https://docs.github.com/actions/reference/variables-reference */
export function ciSurroundings(environment: NodeJS.ProcessEnv = process.env) {
  return {
    onGithub: environment['GITHUB_ACTIONS'] === 'true',
    /** The folder of the checkout. */
    workspace: environment['GITHUB_WORKSPACE'] || null,
    /** A file that the page of the run shows. */
    stepSummary: environment['GITHUB_STEP_SUMMARY'] || null,
    /** Called by a script that `riskops ci` runs. */
    insideCi: environment['RISKOPS_CI_RUNNING'] === '1',
  };
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

function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new RiskopsError('STORE_IO', {
      what: 'The folder that this was called in is gone.',
      why: 'It was moved or deleted.',
      fix: 'cd to a folder that exists',
      cause: error,
    });
  }
}

/** Reads the environment and the nearest config, and says what is in force. */
export async function openProject({
  cwd = workingFolder(),
  dir,
  dirMayBeMissing = false,
  withoutConfig = false,
  environment = process.env,
}: ProjectOptions = {}): Promise<Project> {
  const start = dir === undefined ? cwd : resolve(cwd, dir);
  if (dir !== undefined) checkFolder(dir, start, dirMayBeMissing);
  const found = findConfig(start, dir === undefined);
  const configPath = withoutConfig ? null : found;
  const root = found === null ? start : dirname(found);
  const config = configPath === null ? {} : await loadConfig(configPath, settings);

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
      if (setting.kind === 'source') return usableSource(base, value);
      if (setting.kind === 'json') return isInlineJson(value) ? value : resolve(base, value);
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
    policyOf(model) {
      const policy = config.models?.[model]?.policy ?? {};
      return typeof policy === 'string' ? readPolicyFile(resolve(root, policy)) : policy;
    },
    get,
  };
}
