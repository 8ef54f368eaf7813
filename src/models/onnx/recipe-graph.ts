import type { Signature } from '../../datasets/signature.js';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import type { OnnxGraph } from './graph.js';

/** A column between steps. */
interface Column {
  name: string;
  /** How many categories it has; 0 for a number. */
  categories: number;
  isCategory: boolean;
  labels: readonly string[];
}

/** A matrix in the graph, and what its columns are. */
interface Frame {
  value: string;
  columns: Column[];
}

/** EXPORT_UNSUPPORTED: what ONNX, or riskops's use of it, has no words for. */
export function exportRefused(why: string): RiskopsError {
  return new RiskopsError('EXPORT_UNSUPPORTED', {
    what: 'The version cannot be written as ONNX.',
    why: printable(why, 400),
  });
}

function fillMissing(graph: OnnxGraph, { value, columns }: Frame, fill: (number | null)[]): Frame {
  // NaN for NaN leaves a column as it is.
  const fills = graph.reals(
    [1, columns.length],
    fill.map((one) => one ?? Number.NaN),
  );
  return { value: graph.add('Where', [graph.add('IsNaN', [value]), fills, value]), columns };
}

function scaled(
  graph: OnnxGraph,
  { value, columns }: Frame,
  mean: (number | null)[],
  sd: (number | null)[],
): Frame {
  const shape = [1, columns.length];
  const less = graph.add('Sub', [
    value,
    graph.reals(
      shape,
      mean.map((one) => one ?? 0),
    ),
  ]);
  return {
    value: graph.add('Div', [
      less,
      graph.reals(
        shape,
        sd.map((one) => one ?? 1),
      ),
    ]),
    columns,
  };
}

/** Of one column of category numbers a column of 0 and 1 for each category. */
export function indicators(graph: OnnxGraph, value: string, column: number, count: number): string {
  const numbers = graph.reals(
    [1, count],
    Array.from({ length: count }, (_, k) => k),
  );
  return graph.cast(graph.add('Equal', [graph.gather(value, [column]), numbers]), graph.type);
}

function oneHot(graph: OnnxGraph, { value, columns }: Frame): Frame {
  if (!columns.some(({ isCategory }) => isCategory)) return { value, columns };
  const parts = columns.flatMap(({ isCategory, categories }, i) => {
    if (!isCategory) return [graph.gather(value, [i])];
    return categories === 0 ? [] : [indicators(graph, value, i, categories)];
  });
  return {
    value: graph.add('Concat', parts, { axis: { int: 1 } }),
    columns: columns.flatMap((column) =>
      column.isCategory
        ? column.labels.map((label) => ({
            name: `${column.name}=${label}`,
            categories: 0,
            isCategory: false,
            labels: [],
          }))
        : [column],
    ),
  };
}

function keepColumns(graph: OnnxGraph, { value, columns }: Frame, stays: (column: Column) => boolean): Frame {
  const kept = [...columns.keys()].filter((i) => stays(columns[i]));
  return { value: graph.gather(value, kept), columns: kept.map((i) => columns[i]) };
}

interface StepJson {
  kind: string;
  fill?: (number | null)[];
  mean?: (number | null)[];
  sd?: (number | null)[];
  columns?: string[];
}

function addStep(graph: OnnxGraph, frame: Frame, step: StepJson, forTrees: boolean): Frame {
  switch (step.kind) {
    case 'impute':
      return fillMissing(graph, frame, step.fill ?? []);
    case 'one-hot':
      return oneHot(graph, frame);
    case 'drop':
      return keepColumns(graph, frame, ({ name }) => !step.columns?.includes(name));
    case 'select':
      return keepColumns(
        graph,
        frame,
        ({ name, isCategory }) => isCategory || step.columns?.includes(name) === true,
      );
    case 'scale':
      if (!forTrees) return scaled(graph, frame, step.mean ?? [], step.sd ?? []);
  }
  throw exportRefused(
    `Its recipe has the step "${step.kind}"${forTrees ? ' before trees' : ''}; impute, one-hot, select and drop can be written${forTrees ? '' : ', and scale'}.`,
  );
}

/**
 * Adds a recipe to the graph; returns what the learner sees. Trees compare with thresholds, so that before them nothing is computed
 * that float32 would round to the other side.
 * @throws EXPORT_UNSUPPORTED naming the column or the step
 */
export function addRecipe(graph: OnnxGraph, signature: Signature, recipe: unknown, forTrees: boolean): Frame {
  const columns = signature.features.map(({ name, type, role, categories = [] }): Column => {
    if (role !== undefined)
      throw exportRefused(`Its column "${name}" has the role ${role}: its answers build on other rows.`);
    if (type === 'date')
      throw exportRefused(`Its column "${name}" is a date, whose milliseconds float32 cannot hold.`);
    return { name, categories: categories.length, isCategory: type === 'category', labels: categories };
  });
  const { steps } = recipe as { steps: StepJson[] };
  let frame: Frame = {
    value: graph.type === 'float' ? 'features' : graph.cast('features', graph.type),
    columns,
  };
  for (const step of steps) frame = addStep(graph, frame, step, forTrees);
  return frame;
}
