import { describeGate, type GateReport } from '../registry/gate-report.js';
import { paintStdout } from './colours.js';

const PAINT = { promote: paintStdout.green, reject: paintStdout.red, undecided: paintStdout.yellow };

/** The gate's report with its verdict in colour, where the terminal takes colour. */
export function describeVerdict(report: GateReport): string[] {
  const [head, ...lines] = describeGate(report);
  const [verdict, ...rest] = head.split(':');
  return [[PAINT[report.verdict].bold(verdict), ...rest].join(':'), ...lines];
}
