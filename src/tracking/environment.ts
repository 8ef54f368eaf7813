import { lstatSync } from 'node:fs';
import { arch, cpus, platform, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { sha256File } from '../util/files.js';
import { packageVersion } from '../util/package.js';

/** What a run ran on, and with which packages. */
export interface RunEnvironment {
  /** Version of Node, `20.19.0`. */
  node: string;
  platform: string;
  arch: string;
  os_release: string;
  cpu_model: string | null;
  cpu_count: number;
  /** The nearest lock file upwards, within the repository; null when there is none. */
  lock_file: { name: string; sha256: string } | null;
  /** Version of riskops. */
  riskops: string;
}

/** Lock files of package managers, the one that wins in a folder first. */
const LOCK_FILES = [
  ...['npm-shrinkwrap.json', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'],
  ...['deno.lock', 'uv.lock', 'poetry.lock', 'Pipfile.lock', 'conda-lock.yml'],
];

/** The machine and the packages that code in `cwd` runs with. */
export async function readEnvironment(cwd: string): Promise<RunEnvironment> {
  const processors = cpus();
  return {
    node: process.versions.node,
    platform: platform(),
    arch: arch(),
    os_release: release(),
    cpu_model: processors[0]?.model.trim() || null,
    cpu_count: processors.length,
    lock_file: await readLockFile(cwd),
    riskops: packageVersion(),
  };
}

async function readLockFile(cwd: string): Promise<RunEnvironment['lock_file']> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const name = LOCK_FILES.find((candidate) => kindOf(join(folder, candidate)) === 'file');
    if (name !== undefined) return { name, sha256: await sha256File(join(folder, name)) };
    // What lies above a repository belongs to something else.
    if (kindOf(join(folder, '.git')) !== undefined || dirname(folder) === folder) return null;
  }
}

function kindOf(path: string): 'file' | 'other' | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found && (found.isFile() ? 'file' : 'other');
}
