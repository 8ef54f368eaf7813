import { RiskopsError } from '../errors.js';

/** How often the process is looked at when nothing else is said, milliseconds. */
const EVERY_MS = 5_000;
const LEAST_MS = 50;

/** `true`, or how often in milliseconds, 50 and more; 5,000. */
export type SystemMetricsOption = boolean | { everyMs: number };

/**
 * Logs `system/cpu_percent` (of one core, so four busy threads read 400) and `system/rss_mb` (memory in use, MiB) of this
 * process, until the function that it returns is called, which logs once more. The timer keeps no process alive.
 * @throws OPTION_INVALID
 */
export function watchSystem(
  option: SystemMetricsOption | undefined,
  log: (metrics: Record<string, number>) => void,
): () => void {
  if (!option) return () => {};
  const everyMs = checkEvery(option);
  let [usage, at] = [process.cpuUsage(), performance.now()];
  const look = () => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(usage);
    const elapsed = Math.max(now - at, 1);
    [usage, at] = [process.cpuUsage(), now];
    // Microseconds of work in a millisecond of time: a tenth of a percent each.
    const cpu = (user + system) / elapsed / 10;
    log({ 'system/cpu_percent': cpu, 'system/rss_mb': process.memoryUsage.rss() / 2 ** 20 });
  };
  let timer: NodeJS.Timeout | undefined = setInterval(look, everyMs).unref();
  return () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    look();
  };
}

/** @throws OPTION_INVALID */
export function checkEvery(option: SystemMetricsOption): number {
  const everyMs = typeof option === 'object' ? option.everyMs : EVERY_MS;
  if (Number.isFinite(everyMs) && everyMs >= LEAST_MS) return everyMs;
  throw new RiskopsError('OPTION_INVALID', {
    what: `systemMetrics.everyMs must be ${LEAST_MS} or more milliseconds, and is ${String(everyMs)}.`,
    fix: 'systemMetrics: true, or { everyMs: 5000 }',
  });
}
