import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../../util/package.js';
import type { AlertsAnswer, AlertsJob } from './alerts-job.js';

export interface AlertsRun {
  answer: Promise<AlertsAnswer>;
  /** Lets what is being sent come to its end, for at most `waitMs`; then the process is ended. */
  stop(waitMs: number): Promise<void>;
}

/** Looks at the alerts once, in a process of its own that is ended after `limitMs`. The answer never rejects. */
export function runAlerts(job: AlertsJob, limitMs: number): AlertsRun {
  let child: ChildProcess;
  try {
    child = fork(fileURLToPath(workerUrl('alerts')), {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  } catch (error) {
    return { answer: Promise.resolve({ fault: (error as Error).message }), stop: async () => {} };
  }
  const end = () => void child.kill('SIGKILL');
  const timer = setTimeout(end, limitMs);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const answer = new Promise<AlertsAnswer>((resolve) => {
    child.once('message', (told) => resolve(told as AlertsAnswer));
    child.once('error', (error) => resolve({ fault: error.message }));
    // Not at its exit: what it said last may still be on its way then.
    child.once('disconnect', () => resolve({ fault: 'their process ended without an answer' }));
    child.send(job, (error) => {
      if (error !== null) resolve({ fault: error.message });
    });
  });
  void ended.then(() => clearTimeout(timer));
  return {
    answer,
    async stop(waitMs) {
      if (child.connected) child.disconnect();
      const late = setTimeout(end, waitMs);
      await ended;
      clearTimeout(late);
    },
  };
}
