import type { VersionChange } from '../registry/deletion.js';
import { parseVersion } from '../registry/versions.js';

/** `--version` as a number; undefined when it was not given. */
export function versionFlag(flags: Record<string, unknown>): number | undefined {
  const given = flags['version'];
  return given === undefined ? undefined : parseVersion(given as string);
}

/** One line for each version: what was done, or that it was so already. */
export function versionChangeLines(
  versions: readonly VersionChange[],
  { did, already }: { did: string; already: string },
): string[] {
  return versions.map(
    ({ model, version, changed }) => `Version ${version} of ${model} ${changed ? did : already}.`,
  );
}
