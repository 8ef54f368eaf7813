import type { Evidence } from '../src/registry/gate-evidence.js';
import type { GateReport } from '../src/registry/gate-report.js';
import type { Policy } from '../src/registry/policy.js';

export function uniform(seed: number): () => number;
export function normal(random: () => number): number;

export interface Setting {
  rows: number;
  prevalence: number;
  correlation: number;
  currentAuc: number;
}

export const SETTING: Setting;

export interface Counted {
  promote: number;
  reject: number;
  undecided: number;
  /** Candidates whose metric was greater than the current one's, by however little. */
  greater: number;
}

export function countPromoted(options: {
  judge: (policy: Policy, evidence: Evidence) => GateReport;
  policy: Policy;
  decisions: number;
  better: number;
  setting?: Setting;
}): Counted;
