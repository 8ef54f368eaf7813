import type { RunChange } from '../tracking/deletion.js';

/** One line for each run: what was done, or that it was so already, and the versions that went with it. */
export function runChangeLines(
  runs: readonly RunChange[],
  { did, already }: { did: string; already: string },
): string[] {
  return runs.map(({ run_id, changed, versions }) => {
    const named = versions.map(({ model, version }) => `version ${version} of ${model}`).join(', ');
    const withVersions = named === '' ? '' : `, and so is what it made: ${named}`;
    return `Run ${run_id.slice(0, 8)} ${changed ? did : already}${withVersions}.`;
  });
}
