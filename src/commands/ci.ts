import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runCi } from '../checks/ci/ci.js';
import type { CiProject } from '../checks/ci/ci-project.js';
import { type CiReport, type CiResult, exitCodeOfSteps, outcomeOf } from '../checks/ci/ci-result.js';
import { githubAnnotations, junitXml, markdownSummary } from '../checks/ci/report-files.js';
import { startWatchdog } from '../checks/ci/watchdog.js';
import { writeWorkflow } from '../checks/ci/workflow.js';
import { ciEnvironment, ciSurroundings, openProject, type Project, sandboxEnvironment } from '../config.js';
import { RiskopsError } from '../errors.js';
import { explainFileError } from '../storage/io-errors.js';
import { writeFileDurably } from '../util/files.js';
import { printable } from '../util/text.js';
import type { Command, CommandContext } from './command.js';
import { wholeNumber } from './flags.js';
import { trainPlan } from './train-plan.js';

const QUICK_SECONDS = 60;

export const command: Command = {
  options: [
    {
      flag: '--model <name>',
      description: 'only this model; all of the config and the store when not given',
    },
    {
      flag: '--quick',
      description: 'without scripts and e2e, and stopped after 60 s: what the pre-push hook runs',
    },
    { flag: '--skip-scripts', description: "leave out the project's own scripts" },
    { flag: '--skip-e2e', description: 'leave out the whole loop in a sandbox' },
    { flag: '--limit <seconds>', description: 'stop all of it after so many seconds' },
    { flag: '--junit <file>', description: 'write the results as JUnit XML' },
    {
      flag: '--summary <file>',
      description: 'write the results as Markdown; on GitHub they are added to the page of the run',
    },
    { flag: '--annotations <kind>', description: 'github or none; github when it runs there' },
    { flag: '--init <kind>', description: 'write a workflow instead, and check nothing: github' },
  ],
  withoutConfig: true,
  details:
    "Runs the project's own scripts (ci.scripts of the config), then checks config, data, current models, the gate on the newest candidates, the history, and the whole loop in a sandbox. The project's store is only read. Settings in the environment are ignored, so that an exported store cannot be reached, but those that begin with RISKOPS_CI_.\nExit code: 0 all passed, 1 a check failed or the gate rejects, 3 nothing failed and the gate is undecided, 70 or more: a check could not be carried out.",
  examples: [
    'riskops ci',
    'riskops ci --quick',
    'riskops ci --junit riskops.xml --skip-e2e',
    'riskops ci --init github',
  ],
  async run(context) {
    const { flags, output, signal } = context;
    const asked = checkFlags(flags);
    if (flags['init'] !== undefined) return initWorkflow(context);
    const watchdog = asked.limit === undefined ? undefined : startWatchdog(asked.limit);
    let report: CiReport;
    try {
      report = await runCi({
        openProject: () => openCiProject(flags),
        environment: sandboxEnvironment(),
        skipScripts: asked.quick || flags['skipScripts'] === true,
        skipEndToEnd: asked.quick || flags['skipE2e'] === true,
        signal: watchdog ? AbortSignal.any([signal, watchdog.signal]) : signal,
        onStart: (name) => output.progress(name),
        onStep: (step) => {
          if (!output.json) for (const line of stepLines(step)) output.talk(line);
        },
      });
    } finally {
      await watchdog?.stop();
    }
    const whole = writeReports(report, context);
    output.result(whole, () => [`riskops ci: ${verdictOf(whole)}`]);
    return whole.exit_code;
  },
};

function checkFlags(flags: Record<string, unknown>) {
  const choice = (key: string, choices: readonly string[]) => {
    const given = flags[key];
    if (given === undefined || choices.includes(given as string)) return;
    throw new RiskopsError('OPTION_INVALID', {
      what: `--${key} must be ${choices.join(' or ')}, and is ${JSON.stringify(given)}.`,
    });
  };
  choice('init', ['github']);
  choice('annotations', ['github', 'none']);
  const quick = flags['quick'] === true;
  if (ciSurroundings().insideCi && !quick && flags['skipScripts'] !== true)
    throw new RiskopsError('USAGE', {
      what: 'riskops ci was called by a script that riskops ci runs.',
      why: 'It would call itself without end.',
      fix: 'take that script out of ci.scripts, or let it call: riskops ci --skip-scripts',
    });
  const limit =
    flags['limit'] === undefined && !quick
      ? undefined
      : wholeNumber(flags, 'limit', { min: 1, max: 86_400, otherwise: QUICK_SECONDS });
  return { quick, limit };
}

/** The project without what the environment says of it. */
async function openCiProject(flags: Record<string, unknown>): Promise<CiProject> {
  const project = await openProject({
    dir: flags['dir'] as string | undefined,
    environment: ciEnvironment(),
  });
  const asked = flags['model'] as string | undefined;
  const configured = Object.keys(project.config.models ?? {});
  return {
    root: project.root,
    configPath: project.configPath,
    places: project.places,
    models: asked === undefined ? configured : configured.filter((name) => name === asked),
    asked,
    planOf: (model) => trainPlan(project, { model }),
    policyOf: (model) => project.policyOf(model),
    scripts: scriptsOf(project),
    undecidedFails: project.get('ciUndecided') === 'fail',
  };
}

function scriptsOf(project: Project): CiProject['scripts'] {
  const { value, origin } = project.resolve('ciScripts');
  return {
    names: value as string[],
    areChosen: origin !== 'default',
    limitSeconds: project.get<number>('ciScriptSeconds'),
  };
}

const SIGN = {
  pass: 'ok       ',
  fail: 'FAILED   ',
  undecided: 'undecided',
  error: 'ERROR    ',
  skip: 'skipped  ',
};

/** A line a step; what did not pass is told in full. */
function stepLines({ name, status, message, lines = [], ms }: CiResult): string[] {
  const head = `${SIGN[status]}  ${printable(name, 80).padEnd(16)}  ${printable(message, 1000)} (${ms} ms)`;
  const isTold = status !== 'pass' && status !== 'skip';
  return [head, ...(isTold ? lines.map((line) => `           ${printable(line, 1000)}`) : [])];
}

function verdictOf({ ok, steps }: CiReport): string {
  if (ok) return 'passed';
  const names = (status: string) =>
    steps.filter((step) => step.status === status).map(({ name }) => printable(name, 80));
  const parts = {
    failed: names('fail'),
    'could not be carried out': names('error'),
    undecided: names('undecided'),
  };
  const told = Object.entries(parts).filter(([, found]) => found.length > 0);
  return told.map(([word, found]) => `${word}: ${found.join(', ')}`).join('; ');
}

/** Writes what was asked for; a file that cannot be written is a fault of its own, beside the verdict. */
function writeReports(report: CiReport, { flags, output, project }: CommandContext): CiReport {
  const { onGithub, workspace, stepSummary } = ciSurroundings();
  const base = process.cwd();
  const steps = [...report.steps];
  const tryWrite = (path: string, write: () => void) => {
    try {
      write();
    } catch (error) {
      const result = { name: 'report', ...outcomeOf(explainFileError(error, path)), ms: 0 };
      steps.push(result);
      if (!output.json) for (const line of stepLines(result)) output.talk(line);
    }
  };
  const [junit, summary] = [flags['junit'], flags['summary']] as (string | undefined)[];
  if (junit !== undefined) tryWrite(junit, () => writeFileDurably(resolve(base, junit), junitXml(report)));
  if (summary !== undefined)
    tryWrite(summary, () => writeFileDurably(resolve(base, summary), markdownSummary(report)));
  else if (stepSummary !== null)
    tryWrite(stepSummary, () => appendFileSync(stepSummary, markdownSummary(report)));
  if ((flags['annotations'] ?? (onGithub ? 'github' : 'none')) === 'github')
    for (const line of githubAnnotations(report, workspace ?? project.root)) output.talk(line);
  const exit_code = exitCodeOfSteps(steps);
  return { ok: exit_code === 0, exit_code, steps };
}

async function initWorkflow({ flags, output }: CommandContext): Promise<undefined> {
  const { root } = await openProject({
    dir: flags['dir'] as string | undefined,
    environment: ciEnvironment(),
  });
  const path = await writeWorkflow(root);
  output.result({ written: path }, () => [
    `Written: ${path}`,
    'It runs riskops ci on Linux, Windows and macOS. It is yours now: riskops does not touch it again.',
    'Next: git add it, commit and push',
  ]);
  return undefined;
}
