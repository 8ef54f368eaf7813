/** One step of a smoke or e2e check, as it ended. */
export interface StepResult {
  name: string;
  ok: boolean;
  /** What was seen. */
  message: string;
  ms: number;
}

export interface StepReport {
  ok: boolean;
  steps: StepResult[];
}

export interface StepRunner {
  report: StepReport;
  /** Runs one step; its text or its error becomes the result. A failed step ends the check: `StepFailed` is thrown. */
  step<T>(name: string, work: () => Promise<{ message: string; value: T }>): Promise<T>;
}

/** Ends a check after a failed step; the report has the failure. */
class StepFailed extends Error {}

export function stepRunner(onStep?: (result: StepResult) => void): StepRunner {
  const report: StepReport = { ok: true, steps: [] };
  const add = (result: StepResult) => {
    report.steps.push(result);
    onStep?.(result);
  };
  return {
    report,
    async step(name, work) {
      const start = performance.now();
      try {
        const { message, value } = await work();
        add({ name, ok: true, message, ms: Math.round(performance.now() - start) });
        return value;
      } catch (error) {
        report.ok = false;
        const message = error instanceof Error ? error.message : String(error);
        add({ name, ok: false, message, ms: Math.round(performance.now() - start) });
        throw new StepFailed(message);
      }
    },
  };
}

/** Runs `work` and gives the report, whether or not a step failed. */
export async function reportSteps(runner: StepRunner, work: () => Promise<void>): Promise<StepReport> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
  }
  return runner.report;
}
