import type { RunEnvironment } from '../tracking/environment.js';
import { getRun, type RunDetail } from '../tracking/read-runs.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

/** A run for people: what it was, its parameters, metrics and artifacts. */
export function describeRun(run: RunDetail): string[] {
  const { commit, branch, dirty } = run.git;
  const { environment } = run;
  return [
    `run      ${run.run_id}`,
    ...line('name', run.name),
    `kind     ${run.kind}${run.model === null ? '' : `, model ${run.model}`}`,
    `status   ${run.status}${run.error === null ? '' : `: ${printable(run.error.split('\n')[0])}`}`,
    ...line('exit', run.exit_code === null ? null : `code ${run.exit_code}`),
    `created  ${run.created_at}${run.duration_ms === null ? '' : `, took ${(run.duration_ms / 1000).toFixed(1)} s`}`,
    ...line('group', run.group),
    ...line('part of', run.parent_run_id),
    ...line('parts', run.children === 0 ? null : childrenText(run)),
    ...line('note', run.note),
    ...line('deleted', run.deleted_at),
    ...line('kept', run.protected_at && 'protected: it cannot be deleted'),
    `git      ${commit === null ? 'not in a repository' : `${commit.slice(0, 12)} on ${branch}${dirty ? ', with uncommitted changes' : ''}`}`,
    ...line('ran on', environment && describeEnvironment(environment)),
    ...section('parameters', ['name', 'value'], Object.entries(run.params)),
    ...section('tags', ['name', 'value'], Object.entries(run.tags)),
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

/** A line of the head, left out when there is nothing to say. */
const line = (name: string, text: string | null) =>
  text === null ? [] : [`${name.padEnd(9)}${printable(text)}`];

function childrenText({ children, child_run_ids }: RunDetail): string {
  const shown = child_run_ids.slice(0, 5).map((id) => id.slice(0, 8));
  return `${children}: ${shown.join(', ')}${children > shown.length ? ', ...' : ''}`;
}

function describeEnvironment({ node, platform, arch, cpu_count, cpu_model, lock_file }: RunEnvironment) {
  const lock = lock_file === null ? '' : `, ${lock_file.name} ${lock_file.sha256.slice(0, 12)}`;
  return `Node ${node}, ${platform} ${arch}, ${cpu_count} x ${cpu_model ?? 'processor'}${lock}`;
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
