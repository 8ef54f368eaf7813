import { artifactFiles } from './artifact-files.js';
import { auditChain } from './audit-chain.js';
import { backups } from './backups.js';
import type { DoctorCheck } from './check.js';
import { clock } from './clock.js';
import { currentPointer } from './current-pointer.js';
import { database } from './database.js';
import { diskSpace } from './disk-space.js';
import { engines } from './engines.js';
import { installation } from './installation.js';
import { leftovers } from './leftovers.js';
import { lostRuns } from './lost-runs.js';
import { modelFiles } from './model-files.js';
import { ownFiles } from './own-files.js';
import { permissions } from './permissions.js';
import { runFiles } from './run-files.js';
import { waitingRuns } from './waiting-runs.js';

/** What must hold before anything is mended: from a damaged database, or that of another store, only damage could be written. */
export const soundnessChecks: readonly DoctorCheck[] = [database, ownFiles];

/** The doctor's checks, in the order they run. */
export const doctorChecks: readonly DoctorCheck[] = [
  installation,
  engines,
  ...soundnessChecks,
  permissions,
  diskSpace,
  auditChain,
  currentPointer,
  modelFiles,
  runFiles,
  artifactFiles,
  waitingRuns,
  lostRuns,
  leftovers,
  clock,
  backups,
];
