import type { ParamValue } from './run-values.js';
import type { SystemMetricsOption } from './system-metrics.js';

/** What a run may be begun with. */
export interface StartRunOptions {
  /** What is done: `train`, `tune`, `e2e` and so on; a part of the folder's name. `run` when not given. */
  kind?: string;
  /** What people call it; several runs may have one name. */
  name?: string;
  model?: string;
  /** The run that this is a part of: its id, or the beginning of it. Any depth. */
  parent?: string;
  /** Runs that belong together, such as one search over seeds. */
  group?: string;
  note?: string;
  params?: Record<string, ParamValue>;
  tags?: Record<string, string>;
  /**
   * Goes on with a run that ended, however it did, or was lost: it is RUNNING again, its metrics go on after their last
   * step, and its duration goes on from its first start. It keeps its kind, model and parent.
   */
  resume?: string;
  /** Logs CPU and memory of this process now and then. */
  systemMetrics?: SystemMetricsOption;
  /** Where the code is whose git state and lock file are recorded; the process's own folder. */
  cwd?: string;
}
