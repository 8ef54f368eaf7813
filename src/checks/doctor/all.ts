import { auditChain } from './audit-chain.js';
import type { DoctorCheck } from './check.js';
import { currentPointer } from './current-pointer.js';
import { database } from './database.js';
import { modelFiles } from './model-files.js';
import { nodeVersion } from './node-version.js';
import { runFiles } from './run-files.js';

/** The doctor's checks, in the order they run. */
export const doctorChecks: readonly DoctorCheck[] = [
  nodeVersion,
  database,
  auditChain,
  currentPointer,
  modelFiles,
  runFiles,
];
