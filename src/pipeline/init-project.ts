import { copyFileSync, existsSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { chooseFeatures } from '../datasets/features-choice.js';
import { readTable } from '../datasets/read-table.js';
import { schemaToJson, type TableSchema } from '../datasets/schema.js';
import { columnNotFound } from '../datasets/table.js';
import { type EncodedTarget, encodeTarget } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import type { Task } from '../models/learner.js';
import { checkModelName } from '../registry/models.js';
import { defaultPolicy, type Policy } from '../registry/policy.js';
import { makeFolder, writeFileDurably } from '../util/files.js';
import { toPrettyJson } from '../util/json.js';
import { packageRoot } from '../util/package.js';

export interface InitOptions {
  /** The folder that becomes a project. */
  root: string;
  model: string;
  /** An own CSV; the bundled credit data when left out. */
  own?: { data: string; target: string; positive: string | null };
}

export interface InitResult {
  config: string;
  model: string;
  task: Task;
  /** binary: [negative, positive]; multiclass: all in order; null for a number. */
  classes: EncodedTarget['classes'];
  data: string;
  target: string;
  /** The schema file written for an own CSV, to be looked at and edited. */
  schema_file: string | null;
  schema: TableSchema;
  left_out: { name: string; reason: string }[];
  /** Rows whose target is missing: they are not learned from. */
  rows_without_target: number;
}

const CONFIG_FILE = 'riskops.config.mjs';
/** The bundled data: default of credit-card clients in Taiwan, 30,000 rows. */
const BUNDLED = { file: 'uci_credit_default.csv.gz', target: 'class' };

/**
 * Writes a config with a policy for one model into `root`, and the schema file of an own CSV. Everything is checked before
 * anything is written; an existing config is never touched.
 */
export async function initProject({ root, model, own }: InitOptions): Promise<InitResult> {
  const existing = ['ts', 'mjs', 'json']
    .map((ending) => join(root, `riskops.config.${ending}`))
    .find((path) => existsSync(path));
  if (existing) {
    throw new RiskopsError('ALREADY_EXISTS', {
      what: `${basename(existing)} is there already.`,
      why: 'riskops init never overwrites a config.',
      fix: 'riskops train, or riskops config',
    });
  }
  const name = checkModelName(model);
  const data = own?.data ?? join(packageRoot(), 'data', BUNDLED.file);
  const targetName = own?.target ?? BUNDLED.target;
  const { table, schema } = await readTable(data);
  if (!schema.columns.some((column) => column.name === targetName))
    throw columnNotFound(
      targetName,
      schema.columns.map((column) => column.name),
    );
  const target = encodeTarget(table, targetName, { positive: own?.positive ?? undefined });
  const { leftOut } = chooseFeatures(table, schema, { target: targetName });

  const dataPath = own === undefined ? copyBundled(root, data) : shownPath(root, data);
  const schemaFile = own === undefined ? null : `${name}.schema.json`;
  if (schemaFile !== null) writeNew(join(root, schemaFile), toPrettyJson(schemaToJson(schema)));
  const block = {
    data: dataPath,
    target: targetName,
    ...(own?.positive ? { positive: own.positive } : {}),
    ...(schemaFile === null ? {} : { schema: schemaFile }),
    learner: 'gradient-boosting',
    split: own === undefined ? 'every:5:4' : 'random:0.2',
    seed: 0,
  };
  writeFileDurably(join(root, CONFIG_FILE), configText(name, block, defaultPolicy(target.task)));
  return {
    config: CONFIG_FILE,
    model: name,
    task: target.task,
    classes: target.classes,
    data: dataPath,
    target: targetName,
    schema_file: schemaFile,
    schema,
    left_out: leftOut,
    rows_without_target: target.missingRows,
  };
}

function copyBundled(root: string, from: string): string {
  const to = join(root, 'data', BUNDLED.file);
  if (!existsSync(to)) {
    makeFolder(join(root, 'data'));
    copyFileSync(from, to);
  }
  return `data/${BUNDLED.file}`;
}

/** A path as the config shows it: relative with `/` inside the folder, else as it is. */
function shownPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside.startsWith('..') || inside === path ? path : inside.split(sep).join('/');
}

function writeNew(path: string, text: string): void {
  if (existsSync(path))
    throw new RiskopsError('ALREADY_EXISTS', {
      what: `${basename(path)} is there already.`,
      why: 'riskops init overwrites nothing.',
      fix: `delete ${basename(path)}, or give the model another name with --model`,
    });
  writeFileDurably(path, `${text}\n`);
}

/** JavaScript of a value: keys without quotes where they need none. */
function literal(value: unknown, indent: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, indent)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).map(
      ([key, item]) => `${/^[a-zA-Z_]\w*$/.test(key) ? key : JSON.stringify(key)}: ${literal(item, indent)}`,
    );
    return `{ ${items.join(', ')} }`;
  }
  return JSON.stringify(value);
}

function configText(model: string, block: Record<string, unknown>, policy: Policy): string {
  const lines = (object: object, indent: string) =>
    Object.entries(object).map(([key, value]) => `${indent}${key}: ${literal(value, indent)},`);
  return `${[
    '// What riskops trains, how it judges and what it serves. `riskops config --origin` shows the settings in force.',
    "/** @type {import('riskops').Config} */",
    'export default {',
    `  model: ${JSON.stringify(model)},`,
    '  models: {',
    `    ${JSON.stringify(model)}: {`,
    ...lines(block, '      '),
    '      // A candidate becomes current when the rows it was held out from prove that it is better.',
    '      policy: {',
    ...lines(policy, '        '),
    '      },',
    '    },',
    '  },',
    '};',
  ].join('\n')}\n`;
}
