import { auditChain } from './audit-chain.js';
import type { DoctorCheck } from './check.js';
import { currentPointer } from './current-pointer.js';
import { database } from './database.js';
import { installation } from './installation.js';
import { modelFiles } from './model-files.js';
import { runFiles } from './run-files.js';

/** The doctor's checks, in the order they run. */
export const doctorChecks: readonly DoctorCheck[] = [
  installation,
  database,
  auditChain,
  currentPointer,
  modelFiles,
  runFiles,
];
