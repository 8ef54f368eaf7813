import type { AlertsJob } from './alerts-job.js';
import type { AlertsChecked } from './check-alerts.js';
import { faultLine } from './rule-faults.js';
import { runAlerts } from './run-alerts.js';
import { CountHistory, readCounts, type ServerFigures } from './server-figures.js';

export interface WatchAlertsOptions extends Omit<AlertsJob, 'only' | 'server'> {
  /** Which server this is: `127.0.0.1:8000`. */
  name: string;
  /** The server's figures in the text format of Prometheus. */
  readMetrics: () => Promise<string>;
  /** Told in one line what an operator should see. */
  tell: (line: string) => void;
}

export interface AlertsWatch {
  /** Ends the watch, within `waitMs` and a little. */
  stop(waitMs: number): Promise<void>;
}

/** A rule takes at most so large a part of the time: one that reads for a second is looked at every 20. */
const SHARE = 1 / 20;
/** The longest that one look at the rules, with what is delivered after it, may take. */
const LIMIT_MS = 10 * 60_000;

/** When which rule is looked at again. */
class Timetable {
  readonly #next = new Map<string, number>();

  due(names: readonly string[], now: number): string[] {
    return names.filter((name) => (this.#next.get(name) ?? 0) <= now);
  }

  note({ took }: AlertsChecked, now: number): void {
    for (const [name, ms] of Object.entries(took)) this.#next.set(name, now + ms / SHARE);
  }
}

/** Of each rule that cannot fire why; told once, and again when it is another reason. */
class FaultNews {
  readonly #told = new Map<string, string>();

  /** @param looked names of the rules that were looked at */
  of({ faults }: AlertsChecked, looked: readonly string[]): string[] {
    const lines = new Map(faults.map((fault) => [fault.rule, faultLine(fault)]));
    const fresh = [...lines].filter(([rule, line]) => this.#told.get(rule) !== line);
    for (const rule of looked) this.#told.delete(rule);
    for (const [rule, line] of lines) this.#told.set(rule, line);
    return fresh.map(([, line]) => line);
  }
}

/**
 * Looks at the rules every `everySeconds`, in a process of its own, for as long as the server runs. Nothing that goes wrong here
 * reaches the server: it is told in a line, and tried again.
 */
export function watchAlerts(options: WatchAlertsOptions): AlertsWatch {
  const { config, name, readMetrics, tell, ...job } = options;
  const windows = config.rules.flatMap((rule) =>
    rule.kind === 'error-rate' || rule.kind === 'latency' ? [rule.since] : [],
  );
  const history = new CountHistory(Math.max(0, ...windows));
  const timetable = new Timetable();
  let run: ReturnType<typeof runAlerts> | undefined;
  const faults = new FaultNews();
  let toldFault = '';
  let isStopped = false;

  const figures = async (): Promise<ServerFigures> => {
    if (windows.length > 0) history.add(readCounts(await readMetrics(), Date.now()));
    const known = windows.flatMap((since) => {
      const found = history.over(since);
      return found === undefined ? [] : [[since, found]];
    });
    return { name, windows: Object.fromEntries(known) };
  };

  const lookOnce = async () => {
    const server = await figures();
    if (isStopped || run !== undefined) return;
    const only = timetable.due(
      config.rules.map((rule) => rule.name),
      performance.now(),
    );
    run = runAlerts({ ...job, config, only, server }, LIMIT_MS);
    const told = await run.answer;
    run = undefined;
    if (isStopped) return;
    const fault = 'fault' in told ? `The alerts could not be looked at: ${told.fault}` : '';
    // A fault that lasts is told once.
    if (fault !== '' && fault !== toldFault) tell(fault);
    toldFault = fault;
    if ('checked' in told) {
      timetable.note(told.checked, performance.now());
      for (const line of [...faults.of(told.checked, only), ...newsOf(told.checked)]) tell(line);
    }
  };

  const look = () => {
    lookOnce().catch((error: Error) => tell(`The alerts could not be looked at: ${error.message}`));
  };
  const timer = setInterval(look, config.everySeconds * 1_000).unref();
  look();
  return {
    async stop(waitMs) {
      isStopped = true;
      clearInterval(timer);
      await run?.stop(waitMs);
    },
  };
}

/** What began and ended, and what could not be delivered. */
function newsOf({ rules, deliveries }: AlertsChecked): string[] {
  const events = rules.flatMap(({ rule, severity, event, summary }) =>
    event === null ? [] : [`Alert ${rule} (${severity}) ${event}: ${summary}`],
  );
  const faults = deliveries.flatMap(({ channel, rule, state, answer, attempts }) =>
    state === 'delivered' || (state === 'waiting' && attempts > 1)
      ? []
      : [`Alert ${rule} was not delivered to ${channel}${state === 'waiting' ? ' yet' : ''}: ${answer}`],
  );
  return [...events, ...faults];
}
