import { type DiffOptions, diffRuns, type RunDiff } from '../pipeline/diff-runs.js';
import type { CodeComparison, UncommittedCode } from '../tracking/compare-code.js';
import type { ComparedKey } from '../tracking/compare-runs.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '<a> <b>',
  options: [
    {
      flag: '--code',
      description: 'the whole diff of the code, up to 4 MiB, and the changes that were not committed',
    },
    { flag: '--data', description: 'every column that differs, instead of the first ten' },
  ],
  details:
    'Parameters, tags, last metrics, code, data, environment and model; what is the same is left out. Commits are compared through the repository of the project.\nExit code: 0, whether something differs or not.',
  examples: ['riskops runs diff 3f9c21aa 8be01c77', 'riskops runs diff 3f9c21aa 8be01c77 --code --json'],
  async run({ args, flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const options: DiffOptions = { root: project.root, code: flags['code'] === true };
      const diff = await diffRuns(store, args[0], args[1], options);
      output.result(diff, () => describe(diff, flags['data'] === true));
      return undefined;
    });
  },
};

function describe(diff: RunDiff, allColumns: boolean): string[] {
  const sections = [
    keySection('parameters', diff, diff.params),
    keySection('tags', diff, diff.tags),
    keySection('metrics', diff, diff.metrics),
    codeSection(diff.code),
    dataSection(diff.data, allColumns),
    diff.environment === null
      ? ['environment: not recorded by both runs']
      : keySection('environment', diff, diff.environment),
    modelSection(diff.model),
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  const [a, b] = diff.runs.map((run) => run.slice(0, 8));
  return [`${a} -> ${b}`, ...shown.flatMap((lines) => ['', ...lines]), ...diffLines(diff.code)];
}

function keySection<T>(title: string, { runs }: RunDiff, keys: ComparedKey<T>[]): string[] {
  if (keys.length === 0) return [];
  const cell = (value: T | null) => (typeof value === 'number' ? formatNumber(value) : value);
  const rows = keys.map(({ key, values }) => [key, ...values.map(cell), change(values)]);
  return [`${title}:`, ...formatTable(['', ...runs.map((run) => run.slice(0, 8)), ''], rows).map(indent)];
}

const indent = (line: string) => `  ${line}`.trimEnd();

function change([a, b]: unknown[]): string {
  if (typeof a !== 'number' || typeof b !== 'number' || !Number.isFinite(b - a)) return '';
  return `${b > a ? '+' : ''}${formatNumber(b - a)}`;
}

function codeSection({ commits, dirty, same, between, uncommitted }: CodeComparison): string[] {
  if (same === true) return [];
  const names = commits.map(
    (commit, i) => `${commit?.slice(0, 12) ?? 'no commit'}${dirty[i] ? ' with changes' : ''}`,
  );
  const lines = [`code: ${names.join(' -> ')}`];
  if (between !== null) {
    if (between.why !== null) lines.push(`  ${between.why}`);
    const rows = between.files.map(({ path, added, removed }) => [
      `+${added ?? '?'}`,
      `-${removed ?? '?'}`,
      path,
    ]);
    if (rows.length > 0) lines.push(...formatTable(['', '', ''], rows).slice(1).map(indent));
    if (between.filesCut) lines.push('  ... and more files');
  }
  for (const [i, { diff_sha256, untracked, why }] of uncommitted.entries()) {
    const run = i === 0 ? 'first' : 'second';
    if (diff_sha256 !== null)
      lines.push(`  the ${run} run had changes that were not committed (kept as git.diff)`);
    if (untracked.length > 0) lines.push(`  the ${run} run had untracked files: ${listed(untracked)}`);
    if (why !== null) lines.push(`  the ${run} run: ${why}`);
  }
  return lines;
}

const LISTED = 10;

function listed(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `${names
    .slice(0, LISTED)
    .map((name) => printable(name, 80))
    .join(', ')}${more}`;
}

function dataSection(data: RunDiff['data'], all: boolean): string[] {
  const facts = (['path', 'sha256', 'rows', 'target', 'split', 'seed'] as const)
    .filter((fact) => data[fact][0] !== data[fact][1])
    .map(
      (fact) => `  ${fact}: ${data[fact].map((value) => printable(String(value ?? '-'), 100)).join(' -> ')}`,
    );
  const { columns, why } = data;
  const lines = [...facts];
  if (why !== null && (facts.length > 0 || data.same !== null)) lines.push(`  ${why}`);
  if (columns !== null) {
    const { added, removed, changed } = columns;
    const most = all ? Number.POSITIVE_INFINITY : LISTED;
    if (added.length > 0) lines.push(`  columns added: ${listed(added)}`);
    if (removed.length > 0) lines.push(`  columns removed: ${listed(removed)}`);
    for (const { name, facts: own } of changed.slice(0, most)) {
      const texts = own.map(
        ({ fact, values }) => `${fact} ${values.map((value) => printable(value ?? '-', 60)).join(' -> ')}`,
      );
      lines.push(`  column ${printable(name, 60)}: ${texts.join('; ')}`);
    }
    if (changed.length > most)
      lines.push(`  ... and ${changed.length - most} more columns; --data shows them`);
  }
  return lines.length === 0 ? [] : ['data:', ...lines];
}

function modelSection(model: RunDiff['model']): string[] {
  if (model === null) return [];
  const { versions, learners, same, differences } = model;
  if (same) return [`model: ${versions.join(' and ')} are the same, bit for bit`];
  const names = versions.map((version, i) => `${version} (${learners[i]})`);
  return [
    `model: ${names.join(' -> ')}`,
    ...(differences ?? ['a signature is not kept, so the inputs cannot be compared']).map(
      (text) => `  ${printable(text, 300)}`,
    ),
  ];
}

/** The diffs as git wrote them; nothing in them can reach the terminal's controls. */
function diffLines({ between, uncommitted }: CodeComparison): string[] {
  const block = (title: string, text: string | null, cut = false) =>
    text === null
      ? []
      : [
          '',
          `--- ${title}`,
          ...text.split('\n').map(safeLine),
          ...(cut ? ['(cut here: the diff is longer than 4 MiB)'] : []),
        ];
  const kept = ({ diff }: UncommittedCode, which: string) => block(`not committed in the ${which} run`, diff);
  return [
    ...(between === null ? [] : block('between the commits', between.diff, between.diffCut)),
    ...kept(uncommitted[0], 'first'),
    ...kept(uncommitted[1], 'second'),
  ];
}

const safeLine = (line: string) =>
  line
    .split('\t')
    .map((part) => printable(part, Number.POSITIVE_INFINITY))
    .join('\t');
