import { settings } from '../config.js';
import { catalogue } from '../errors.js';
import { learners } from '../models/all.js';
import { describeRange } from '../models/hyper.js';
import { defaultPolicy, type Policy, policyMeanings } from '../registry/policy.js';
import { openApiDocument } from '../serving/openapi.js';
import { commands } from './all.js';
import { presetRows } from './policy-table.js';
import { helpOf } from './program.js';
import { serveRoutes } from './serve-routes.js';

const GENERATED = '<!-- Written by npm run docs from the code; do not edit. -->';

const table = (header: readonly string[], rows: readonly (readonly unknown[])[]) =>
  [header, header.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

/** docs/cli.md: the help of every command. */
async function cliReference(): Promise<string> {
  const parts = await Promise.all(
    commands.map(async (entry) => `## riskops ${entry.name}\n\n\`\`\`\n${await helpOf(entry)}\n\`\`\``),
  );
  const list = table(
    ['command', 'what it does'],
    commands.map(({ name, summary }) => [`[${name}](#riskops-${name.replace(' ', '-')})`, summary]),
  );
  return `# Commands\n\n${GENERATED}\n\n${list}\n\nResults go to stdout, talk to stderr; \`--json\` prints one JSON document. Exit codes: [errors](errors.md).\n\n${parts.join('\n\n')}\n`;
}

const EXIT_CODES = [
  [0, 'done, or promoted'],
  [1, 'rejected by the gate, or a check failed'],
  [2, 'usage: a wrong flag, value or config'],
  [3, 'undecided: the evidence is not enough'],
  [4, 'not found'],
  [10, 'skipped: the data is not sufficient'],
  [65, 'bad data, or a damaged file'],
  [70, 'a fault in riskops'],
  [74, 'a disk or network fault'],
  [75, 'busy: try again'],
  [78, 'wrong version of Node or of the store'],
  [130, 'stopped by SIGINT (Ctrl-C)'],
  [143, 'stopped by SIGTERM'],
] as const;

/** docs/errors.md: exit codes and the catalogue. */
function errorReference(): string {
  const rows = Object.entries(catalogue).map(([code, { exit, meaning, next }]) => [
    `\`${code}\``,
    exit,
    meaning,
    next.includes(' ') ? `\`${next}\`` : next,
  ]);
  return `# Errors and exit codes\n\n${GENERATED}\n\nAn error is three lines on stderr: what happened, why, and the command that helps. With \`--json\` stdout has \`{"ok": false, "error": {code, message, why, hint, details}}\`.\n\n## Exit codes\n\n${table(['code', 'meaning'], EXIT_CODES)}\n\n## Codes\n\n${table(['code', 'exit', 'meaning', 'usual next step'], rows)}\n`;
}

function policyTable(): string {
  const [binary, regression] = [defaultPolicy('binary'), defaultPolicy('regression')];
  const shown = (value: unknown) => (value === undefined ? '-' : `\`${JSON.stringify(value)}\``);
  return table(
    ['key', 'default, binary', 'default, regression', 'meaning'],
    Object.entries(policyMeanings).map(([key, meaning]) => [
      `\`${key}\``,
      shown(binary[key as keyof Policy]),
      shown(regression[key as keyof Policy]),
      meaning,
    ]),
  );
}

/** The presets; what one does not say is the default's. */
function presetTable(): string {
  return table(
    ['preset', 'task', 'values', 'the rule'],
    presetRows().map(({ name, task, values, about }) => [
      `\`${name}\``,
      task,
      `\`${JSON.stringify(values)}\``,
      about,
    ]),
  );
}

/** docs/config.md: every setting, and the learners' hyper-parameters. */
function configReference(): string {
  const rows = settings.map(({ config, env, default: value, description }) => [
    `\`${config}\``,
    `\`${env}\``,
    value === null || String(value) === '' ? '-' : `\`${value}\``,
    description,
  ]);
  const options = learners.map(
    (learner) =>
      `### ${learner.name}${learner.engine === 'riskops' ? '' : `, engine ${learner.engine}`}\n\n${learner.summary} Tasks: ${learner.tasks.join(', ')}.\n\n${
        learner.options.length === 0
          ? 'It has no hyper-parameters.'
          : table(
              ['name', 'default', 'it takes', 'meaning'],
              learner.options.map((option) => [
                `\`${option.name}\``,
                option.default ?? 'none',
                describeRange(option),
                option.description,
              ]),
            )
      }`,
  );
  return `# Settings\n\n${GENERATED}\n\nA flag wins over the environment, the environment over the config file, the config over the default; \`riskops config --origin\` shows which it was. The config is \`riskops.config.ts\`, \`.mjs\` or \`.json\`, found by walking up from the folder you are in. \`models.*\` stands for one model's block. A relative path in the config or in the environment begins at the config's folder, one in a flag at the folder you are in.\n\n${table(['config', 'environment', 'default', 'meaning'], rows)}\n\n## Policy\n\nThe gate's policy of a model, \`models.*.policy\`: an object, or the path of a JSON file that holds one. What it leaves out is its preset's, and else the default's; \`riskops gate --explain-policy\` shows the one in force.\n\n${policyTable()}\n\n### Presets\n\nRules that teams had before, as far as their metrics are ours. A key beside \`preset\` wins over the preset's own. The default policy is the stronger rule: of models that are only as good as the current one it promotes about one in twenty.\n\n${presetTable()}\n\n## Learners\n\nHyper-parameters go to \`models.*.hyper\`, or to \`riskops train --set name=value\`.\n\n${options.join('\n\n')}\n`;
}

interface Operation {
  summary?: string;
  responses?: Record<string, { description?: string }>;
}

/** docs/http.md: the routes, from the server's own OpenAPI document. */
async function httpReference(): Promise<string> {
  const { paths = {} } = (await openApiDocument(serveRoutes('.'))) as {
    paths?: Record<string, Record<string, Operation>>;
  };
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary = '', responses = {} }]) => [
      `\`${method.toUpperCase()} ${path}\``,
      summary,
      Object.keys(responses).join(', '),
    ]),
  );
  return `# HTTP\n\n${GENERATED}\n\nThe server listens on loopback, and where it has a token each route but the public ones asks for one: [security](guides/security.md). \`GET /openapi.json\` is the whole contract. An error is \`{ok: false, error: {code, message, hint?, details?}, request_id}\`; every answer carries \`X-Request-Id\`.\n\n${table(['route', 'what it does', 'answers'], rows)}\n`;
}

/** The generated documents by their path below docs/. */
export async function generatedDocuments(): Promise<Record<string, string>> {
  return {
    'cli.md': await cliReference(),
    'errors.md': errorReference(),
    'config.md': configReference(),
    'http.md': await httpReference(),
  };
}
