import { getRun, type RunDetail } from '../tracking/read-runs.js';
import type { Command } from './command.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

/** A run for people: what it was, its parameters, metrics and artifacts. */
export function describeRun(run: RunDetail): string[] {
  const { commit, branch, dirty } = run.git;
  return [
    `run      ${run.run_id}`,
    `kind     ${run.kind}${run.model === null ? '' : `, model ${run.model}`}`,
    `status   ${run.status}${run.error === null ? '' : `: ${run.error.split('\n')[0]}`}`,
    `created  ${run.created_at}`,
    `git      ${commit === null ? 'not in a repository' : `${commit.slice(0, 12)} on ${branch}${dirty ? ', with uncommitted changes' : ''}`}`,
    ...section('parameters', ['name', 'value'], Object.entries(run.params)),
    ...section(
      'metrics',
      ['name', 'value'],
      Object.entries(run.metrics).map(([name, value]) => [name, formatNumber(value)]),
    ),
    ...section(
      'artifacts',
      ['path', 'kind', 'bytes', 'sha256'],
      run.artifacts.map((artifact) => [artifact.path, artifact.kind, artifact.bytes, artifact.sha256]),
    ),
  ];
}

const section = (title: string, header: string[], rows: unknown[][]) =>
  rows.length === 0 ? [] : ['', `${title}:`, ...formatTable(header, rows).map((line) => `  ${line}`)];

export const command: Command = {
  args: '<run>',
  options: [],
  details: 'A run is named by its id or the beginning of it.',
  examples: ['riskops runs show 3f9c21aa'],
  async run({ args, project, output }) {
    return withStore(project, 'read', async (store) => {
      const run = await getRun(store, args[0]);
      output.result(run, () => describeRun(run));
      return undefined;
    });
  },
};
