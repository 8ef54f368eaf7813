import { encodeTable } from '../../src/datasets/encode-table.js';
import { type Signature, signatureOf } from '../../src/datasets/signature.js';
import type { Table } from '../../src/datasets/table.js';
import { encodeTarget } from '../../src/datasets/target.js';
import { fitRecipe } from '../../src/features/recipe.js';
import { resolveHyper } from '../../src/models/hyper.js';
import type { Learner, Task } from '../../src/models/learner.js';
import type { ModelParts } from '../../src/models/model-file.js';
import { seededRandom } from '../../src/util/random.js';

const REGIONS = ['대구', '부산', '서울'];

/** Rows of every type with missing values; the last rows alone hold the category 제주. */
export function mixedTable(rowCount = 120): Table {
  const random = seededRandom(11);
  const column = (draw: () => number, missing = 0) =>
    Float64Array.from({ length: rowCount }, () => (random() < missing ? Number.NaN : draw()));
  const income = column(() => 1000 + 4000 * random(), 0.1);
  const region = Int32Array.from({ length: rowCount }, (_, row) =>
    row >= rowCount - 10 ? 3 : random() < 0.1 ? -1 : Math.floor(random() * 3),
  );
  const late = column(() => Math.floor(random() * 5));
  const defaulted = late.map((value, row) => Number(value + 3 * random() + (region[row] === 1 ? 1 : 0) > 4));
  return {
    rowCount,
    columns: [
      { name: '소득', type: 'number', values: income },
      { name: 'late', type: 'integer', values: late },
      { name: 'region', type: 'category', codes: region, categories: [...REGIONS, '제주'] },
      { name: 'owner', type: 'boolean', values: column(() => Math.round(random()), 0.2) },
      {
        name: 'since',
        type: 'date',
        values: column(() => 86_400_000 * Math.floor(15_000 + 1000 * random())),
      },
      { name: 'turn', type: 'integer', values: Float64Array.from({ length: rowCount }, (_, row) => row) },
      { name: 'default', type: 'integer', values: defaulted },
      {
        name: 'loss',
        type: 'number',
        values: income.map((value, row) => (value || 900) * late[row] * 0.1 + random()),
      },
    ],
  };
}

const FEATURES = ['소득', 'late', 'region', 'owner', 'since'];

const TARGETS = { binary: 'default', multiclass: 'late', regression: 'loss' };

/** What keeps a learner quick here. */
const QUICK: Record<string, number> = { trees: 5, epochs: 3, hidden: 4, window: 3 };

/** A learner trained on the first rows of the table, as the parts of a model file; and the cells of all rows. */
export async function trainOn(
  table: Table,
  learner: Learner,
  task: Task,
  { recipe: steps = learner.recipe, features = FEATURES, seed = 0 } = {},
): Promise<{ parts: ModelParts; cells: Float64Array; predict: () => Float64Array }> {
  const rowCount = table.rowCount - 10;
  const target = encodeTarget(table, TARGETS[task], { task });
  const rows = Int32Array.from({ length: rowCount }, (_, row) => row);
  const known = features.filter((name) => name !== target.name);
  const roles = learner.sequential === true ? { time: 'turn' } : {};
  const signature: Signature = signatureOf(table, known, rows, target, undefined, roles);
  const cells = encodeTable(table, signature);
  const recipe = fitRecipe(steps, cells, rowCount, signature);
  const x = recipe.transform(cells, rowCount);
  const options = learner.options.map(({ name }) => name);
  const quick = Object.entries(QUICK).filter(([name]) => options.includes(name));
  const hyper = resolveHyper(learner, Object.fromEntries(quick));
  const previousOf = (count: number) =>
    learner.sequential === true
      ? recipe.previousOf(cells.slice(0, count * signature.features.length), count)
      : null;
  const data = {
    ...{ x, y: target.y.slice(0, rowCount), rowCount, weights: null, validation: null },
    previous: previousOf(rowCount),
    ...{ names: recipe.outputs, categories: recipe.categories, classCount: target.classes?.length ?? 0 },
  };
  const fitted = await learner.fit(data, task, hyper, { seed, threads: 1 });
  const provenance = {
    model: '신용',
    run_id: '0123456789abcdef0123456789abcdef',
    created_at: '2026-03-01T12:00:00.000Z',
    git_commit: null,
    data_sha256: 'ab'.repeat(32),
    seed,
    split: 'every:5:4',
    riskops_version: '0.1.0',
  };
  const threshold = task === 'binary' ? 0.4 : null;
  const parts = {
    learner,
    hyper,
    recipe,
    fitted,
    task,
    signature,
    threshold,
    classes: target.classes,
    metrics: { auc: 0.75 },
    provenance,
  };
  const predict = () =>
    fitted.predict(recipe.transform(cells, table.rowCount), table.rowCount, previousOf(table.rowCount));
  return { parts, cells, predict };
}
