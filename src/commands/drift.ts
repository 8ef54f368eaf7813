import { type DriftedPart, type DriftReport, measureDrift } from '../monitoring/drift.js';
import { type DriftWords, readDriftFilter } from '../monitoring/drift-filter.js';
import { printable } from '../util/text.js';
import { paintStdout } from './colours.js';
import type { Command } from './command.js';
import { chosenModel, modelOption, withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [
    modelOption,
    { flag: '--version <number>', description: 'this version, instead of the current one' },
    {
      flag: '--since <time>',
      description: 'rows from then on: 12h or 30d ago, a day, or a time with its zone; 7d when not given',
    },
    { flag: '--until <time>', description: 'rows before then; now when not given' },
    { flag: '--rows <number>', description: 'the newest so many rows alone, 1 to 20000' },
    {
      flag: '--reference <rows>',
      description:
        'v3: what version 3 learned from; window:FROM..TO: rows of the log; its own training rows when not given',
    },
    {
      flag: '--least-effect <share>',
      description: 'the least share of the rows that must lie elsewhere to be drift; 0.1 when not given',
    },
    { flag: '--by-feature', description: 'every feature, not only those that drifted' },
  ],
  details:
    'Compares the rows that a version answered with those that it learned from, feature by feature, and its scores. Drift is what is both sure (p-values adjusted over all features) and large (a tenth of the rows lie elsewhere).\nExit code: 0 no drift, 1 drift, 3 not enough rows for a verdict.',
  examples: [
    'riskops drift',
    'riskops drift --model credit --since 24h --by-feature',
    'riskops drift --rows 1000 --reference window:2026-03-01..2026-03-08 --json',
  ],
  async run({ flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const flag = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const report = await measureDrift(store, readDriftFilter(model, flags as DriftWords, flag));
      output.result(report, () => describe(report, flags['byFeature'] === true));
      return EXIT[report.verdict];
    });
  },
};

const EXIT = { drift: 1, 'no drift': undefined, undecided: 3 } as const;
const PAINT = { drift: paintStdout.red, 'no drift': paintStdout.green, undecided: paintStdout.yellow };

const fixed = (digits: number) => (value: number | null) => (value === null ? null : value.toFixed(digits));
const percent = (share: number | null) => (share === null ? null : `${(100 * share).toFixed(1)} %`);
const pText = (p: number | null) => (p === null ? null : p < 0.0001 ? '< 0.0001' : p.toFixed(4));

function rowOf({
  name,
  kind,
  rows,
  missing,
  effect,
  shift,
  p,
  missing_p,
  psi,
  drifted,
  by,
}: DriftedPart): unknown[] {
  const verdict = drifted ? (by === 'missing' ? 'drift: missing values' : 'drift') : '-';
  return [
    kind === 'scores' ? '(scores)' : name,
    rows,
    percent(missing),
    percent(effect),
    fixed(2)(shift),
    pText(by === 'missing' ? missing_p : p),
    fixed(3)(psi),
    verdict,
  ];
}

const HEADER = ['feature', 'rows', 'missing', 'moved', 'shift (sd)', 'p adjusted', 'PSI', 'verdict'];

function describe(
  { verdict, sentence, features, scores, ...rest }: DriftReport,
  byFeature: boolean,
): string[] {
  const { model, version, window, reference, left_out, notes, fewest_rows } = rest;
  const end = sentence.search(/[:.]/);
  const parts = [...features, ...(scores === null ? [] : [scores])];
  const shown = byFeature ? parts : parts.filter(({ drifted }) => drifted);
  const seasons = reference.season_hours === null ? '' : ', at the same hours and weekdays';
  const span = window.from === null ? '' : `, ${window.from} to ${window.to}`;
  return [
    `${PAINT[verdict].bold(sentence.slice(0, end))}${printable(sentence.slice(end), 600)}`,
    `${model} version ${version}: ${window.rows} rows of the log${span}; reference ${printable(reference.name, 120)}, ${reference.rows} rows${seasons}; a verdict takes ${fewest_rows} rows.`,
    ...(shown.length === 0 ? [] : ['', ...formatTable(HEADER, shown.map(rowOf))]),
    ...(left_out.length === 0
      ? []
      : ['', ...left_out.map(({ name, why }) => `not judged: ${printable(name, 80)}, ${why}`)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => printable(note, 300))]),
  ];
}
