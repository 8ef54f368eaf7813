import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** The machine as a run records it. */
export interface Machine {
  /** Host name, with the process namespace where it is not the machine's own: pids count within one alone. */
  host: string;
  /** Changes at each boot; `''` where the system does not say. */
  bootId: string;
}

/** The number of Linux's first process namespace (PROC_PID_INIT_INO of the kernel). */
const FIRST_NAMESPACE = 'pid:[4026531836]';

/** The process behind a run, as its row has it. */
export interface ProcessIdentity {
  host: string;
  /** 0: none, as when a shell script logs the run. */
  pid: number;
  boot_id: string;
  process_started: string;
}

/** @returns undefined when no process of this machine has this pid */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const { host, bootId } = thisMachine();
  if (pid === 0) return { host, pid, boot_id: '', process_started: '' };
  const started = processStarted(pid);
  return started === undefined ? undefined : { host, pid, boot_id: bootId, process_started: started };
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const { host, bootId } = thisMachine();
  return { host, pid: process.pid, boot_id: bootId, process_started: processStarted(process.pid) ?? '' };
}

let known: Machine | undefined;

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  known ??= { host: hostname() + namespaceSuffix(), bootId: readBootId() };
  return known;
}

function namespaceSuffix(): string {
  if (process.platform !== 'linux') return '';
  const namespace = orEmpty(() => readlinkSync('/proc/self/ns/pid'));
  return namespace === '' || namespace === FIRST_NAMESPACE ? '' : `#${namespace}`;
}

function readBootId(): string {
  if (process.platform === 'linux')
    return orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  if (process.platform === 'darwin') return ask('sysctl', ['-n', 'kern.bootsessionuuid']);
  return '';
}

/**
 * When the process with this pid began, in the system's own words: two processes that had the same pid differ in it.
 * Undefined when there is no such process, `''` when there is one and the system does not say.
 */
export function processStarted(pid: number): string | undefined {
  if (!exists(pid)) return undefined;
  if (process.platform === 'linux') return linuxProcessStarted(pid);
  if (process.platform === 'win32') return '';
  return ask('ps', ['-o', 'lstart=', '-p', String(pid)]);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, and it belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Fields 3 (state) and 22 (start, in clock ticks since the boot) of proc(5) stat; field 2 may hold any character. */
function linuxProcessStarted(pid: number): string | undefined {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; its parent has not asked for its exit code yet.
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return fields[19] ?? '';
}

function ask(command: string, args: string[]): string {
  return orEmpty(() =>
    execFileSync(command, args, { timeout: 2000, stdio: 'pipe', encoding: 'utf8' }).trim(),
  );
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
