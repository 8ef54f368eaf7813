import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RiskopsError } from '../../errors.js';
import type { Store } from '../../storage/store.js';
import { runEndToEnd } from '../e2e.js';
import { checkAuditChain } from './audit-step.js';
import type { CiProject } from './ci-project.js';
import { type CiOutcome, type CiReport, type CiResult, exitCodeOfSteps, outcomeOf } from './ci-result.js';
import { checkData } from './data-step.js';
import { checkCandidate } from './gate-step.js';
import { checkCurrentModel } from './model-step.js';
import { checkScript } from './package-scripts.js';
import { openToCheck } from './store-step.js';

export interface CiOptions {
  /** Opens the project: a config that cannot be loaded is a failed check. */
  openProject(): Promise<CiProject>;
  /** For everything that is started; without the caller's own settings. */
  environment: Record<string, string>;
  skipScripts?: boolean;
  skipEndToEnd?: boolean;
  /** Ends all of it; a reason that is a RiskopsError is reported as the error of the steps that are left. */
  signal?: AbortSignal;
  onStart?: (name: string) => void;
  onStep?: (result: CiResult) => void;
}

/**
 * Checks a project as it would be before a merge: its own scripts, its config, data and current models, the gate on
 * the newest candidates, the history, and the whole loop in a sandbox. The project's store is opened to read; whatever trains, promotes
 * or serves is given a sandbox of its own. Every step runs, whatever the ones before it found.
 */
export async function runCi(options: CiOptions): Promise<CiReport> {
  const steps: CiResult[] = [];
  const step = async (name: string, work: () => Promise<CiOutcome>) => {
    options.onStart?.(name);
    const began = performance.now();
    const outcome = await outcomeUnder(options.signal, work);
    const result = { name, ...outcome, ms: Math.round(performance.now() - began) };
    steps.push(result);
    options.onStep?.(result);
  };
  await runSteps(options, step);
  const exit_code = exitCodeOfSteps(steps);
  return { ok: exit_code === 0, exit_code, steps };
}

type Step = (name: string, work: () => Promise<CiOutcome>) => Promise<void>;

/** A step that was stopped, or not begun, says so; a user who stops everything ends it with an error. */
async function outcomeUnder(
  signal: AbortSignal | undefined,
  work: () => Promise<CiOutcome>,
): Promise<CiOutcome> {
  const stopped = () => {
    if (signal?.reason instanceof RiskopsError) return outcomeOf(signal.reason);
    throw signal?.reason;
  };
  if (signal?.aborted) return stopped();
  try {
    return await work();
  } catch (error) {
    return signal?.aborted ? stopped() : outcomeOf(error);
  }
}

async function runSteps(options: CiOptions, step: Step): Promise<void> {
  const { environment, signal } = options;
  let project: CiProject | undefined;
  await step('config', async () => {
    project = await options.openProject();
    return describeConfig(project);
  });
  if (project === undefined) return;
  if (options.skipScripts !== true) await runScripts(project, environment, step, signal);
  for (const model of project.models)
    await step(`data ${model}`, () => checkData(project as CiProject, model));
  await checkStore(project, step);
  if (options.skipEndToEnd !== true) {
    await step('e2e', async () => {
      const { ok, steps } = await runEndToEnd({ environment, signal });
      const last = steps.at(-1);
      return ok
        ? { status: 'pass', message: `${steps.length} steps passed in a sandbox` }
        : { status: 'fail', code: 'CHECK_FAILED', message: `${last?.name}: ${last?.message}` };
    });
  }
}

function describeConfig({ configPath, models }: CiProject): CiOutcome {
  if (configPath === null)
    return { status: 'skip', message: 'there is no riskops.config here: riskops init writes one.' };
  const named = models.length === 0 ? 'no model' : models.join(', ');
  return { status: 'pass', message: `loaded; ${named}`, file: configPath };
}

/** The project's scripts, with the places of a store that is not the project's: a test that trains must not reach it. */
async function runScripts(
  { root, scripts }: CiProject,
  environment: Record<string, string>,
  step: Step,
  signal?: AbortSignal,
): Promise<void> {
  const sandbox = mkdtempSync(join(tmpdir(), 'riskops-ci-'));
  const places = {
    RISKOPS_DB: join(sandbox, 'riskops.db'),
    RISKOPS_ARTIFACTS: join(sandbox, 'artifacts'),
    RISKOPS_CURRENT_MODEL: join(sandbox, 'artifacts', 'models', 'current.json'),
    RISKOPS_CI_RUNNING: '1',
  };
  try {
    for (const name of scripts.names)
      await step(`script ${name}`, () =>
        checkScript({
          root,
          name,
          mustExist: scripts.areChosen,
          environment: { ...environment, ...places },
          limitSeconds: scripts.limitSeconds,
          signal,
        }),
      );
  } finally {
    rmSync(sandbox, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function checkStore(project: CiProject, step: Step): Promise<void> {
  let store: Store | null = null;
  let models = project.models;
  try {
    await step('store', async () => {
      const opened = await openToCheck(project);
      if ('status' in opened) return opened;
      store = opened.store;
      models = opened.models;
      return { status: 'pass', message: opened.message };
    });
    for (const model of models) await step(`model ${model}`, () => checkCurrentModel(project, store, model));
    if (store === null) return;
    for (const model of models)
      await step(`gate ${model}`, () => checkCandidate(project, store as unknown as Store, model));
    await step('audit', () => checkAuditChain(store as unknown as Store));
  } finally {
    await (store as Store | null)?.close();
  }
}
