import type { ListedRun, RunPage } from '../tracking/search/list-runs.js';
import { arrangeTree } from '../tracking/search/run-tree.js';
import { printable } from '../util/text.js';
import { formatNumber } from './output.js';
import { formatTable } from './table.js';

/** So many metrics have a column when no columns are asked for: those that most runs on the page have. */
const METRIC_COLUMNS = 4;
/** Children stand to the right of their parents down to this depth; below it the depth is a number. */
const INDENTED = 12;

interface ShownColumn {
  title: string;
  cell(run: ListedRun): unknown;
}

/** A page as a table; as a tree when its runs came with the runs above them. */
export function runsTable(page: RunPage): string[] {
  const columns =
    page.items[0].columns === undefined ? usualColumns(page.items) : askedColumns(page.items[0]);
  const cells = (run: ListedRun) => columns.map(({ cell }) => cell(run));
  const rows =
    page.ancestors === undefined
      ? page.items.map((run) => [shortId(run), ...cells(run)])
      : arrangeTree<ListedRun>(page.items, page.ancestors).map(({ run, depth, fits }) => [
          `${indent(depth)}${fits ? shortId(run) : `(${shortId(run)})`}`,
          ...cells(run),
        ]);
  return formatTable(['run', ...columns.map(({ title }) => printable(title, 40))], rows);
}

const shortId = (run: ListedRun) => run.run_id.slice(0, 8);

const indent = (depth: number) =>
  depth <= INDENTED ? '  '.repeat(depth) : `${'  '.repeat(INDENTED)}[${depth}] `;

function askedColumns({ columns = {} }: ListedRun): ShownColumn[] {
  return Object.keys(columns).map((name) => ({ title: name, cell: (run) => shown(run.columns?.[name]) }));
}

function usualColumns(items: readonly ListedRun[]): ShownColumn[] {
  const columns: ShownColumn[] = [
    { title: 'created', cell: (run) => run.created_at },
    { title: 'kind', cell: (run) => run.kind },
    { title: 'model', cell: (run) => run.model },
    { title: 'status', cell: (run) => run.status },
    ...usualMetrics(items).map((name) => ({
      title: name,
      cell: (run: ListedRun) => shown(run.metrics?.[name]),
    })),
    { title: 'commit', cell: ({ git }) => git.commit && `${git.commit.slice(0, 8)}${git.dirty ? '*' : ''}` },
  ];
  if (items.some((run) => run.name !== null)) columns.unshift({ title: 'name', cell: (run) => run.name });
  return columns;
}

/** The names of the metrics that most runs have; of equally frequent ones those that come first by name. */
function usualMetrics(items: readonly ListedRun[]): string[] {
  const counts = new Map<string, number>();
  for (const { metrics = {} } of items)
    for (const name of Object.keys(metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, METRIC_COLUMNS)
    .map(([name]) => name);
}

const shown = (value: unknown) => (typeof value === 'number' ? formatNumber(value) : value);
