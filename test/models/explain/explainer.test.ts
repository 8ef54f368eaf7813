import { expect, test } from 'vitest';
import { learners } from '../../../src/models/all.js';
import { Explainer, type RowExplanation } from '../../../src/models/explain/explainer.js';
import type { Task } from '../../../src/models/learner.js';
import { encodeModelFile } from '../../../src/models/model-file.js';
import { mixedTable, trainOn } from '../trained.js';

const table = mixedTable();
const RAW = ['소득', 'late', 'region', 'owner', 'since'];

async function explained(name: string, task: Task, recipe?: { kind: string; [key: string]: unknown }[]) {
  const learner = learners.find((one) => one.name === name && one.engine === 'riskops')!;
  const steps = recipe && { recipe: [...recipe, ...learner.recipe] };
  const { parts, cells } = await trainOn(table, learner, task, steps);
  const { predictor } = await encodeModelFile(parts);
  const explainer = new Explainer(predictor);
  const explanation = explainer.explainCells(cells, table.rowCount);
  const answers = predictor.predictCells(cells, table.rowCount);
  const answerOf = (row: number) => answers.subarray(row * predictor.outputs, (row + 1) * predictor.outputs);
  const explain = (row: number, top = 99): RowExplanation =>
    explainer.explainRow(explanation, row, answerOf(row), {
      top,
      given: (feature) => `${feature} of ${row}`,
    });
  return { predictor, explanation, answerOf, explain };
}

const toAnswer = {
  value: (margin: number) => margin,
  probability: (margin: number) => margin,
  'log-odds': (margin: number) => 1 / (1 + Math.exp(-margin)),
};

test.each([
  ['logistic', 'binary', 'log-odds'],
  ['ridge', 'regression', 'value'],
  ['gradient-boosting', 'binary', 'log-odds'],
  ['gradient-boosting', 'regression', 'value'],
  ['random-forest', 'binary', 'probability'],
  ['random-forest', 'regression', 'value'],
] as const)(
  '%s, %s: features of the signature, whose parts add up to the %s that is answered',
  async (name, task, scale) => {
    const { explain, answerOf, explanation, predictor } = await explained(name, task);
    for (let row = 0; row < table.rowCount; row += 7) {
      const { margin, base, reasons, other, ...rest } = explain(row);
      expect(rest.scale).toBe(scale);
      expect(other).toBe(0);
      expect(reasons.map(({ feature }) => feature).sort()).toEqual([...RAW].sort());
      const sum = reasons.reduce((total, { contribution }) => total + contribution, base);
      expect(Math.abs(sum - margin)).toBeLessThan(1e-9);
      expect(Math.abs(toAnswer[scale](margin) - answerOf(row)[0])).toBeLessThan(1e-9);
      const own = explanation.contributions.subarray(
        row * predictor.inputs.length,
        (row + 1) * predictor.inputs.length,
      );
      const region = predictor.inputs.flatMap((input, i) => (/^region(=|$)/.test(input) ? [own[i]] : []));
      const folded = reasons.find(({ feature }) => feature === 'region')!;
      expect(folded.contribution).toBeCloseTo(
        region.reduce((a, b) => a + b),
        12,
      );
      expect(folded.value).toBe(`region of ${row}`);
    }
  },
);

test.each([
  ['logistic', 'log-score'],
  ['gradient-boosting', 'log-score'],
  ['random-forest', 'probability'],
])('%s of many classes explains the predicted one', async (name, scale) => {
  const { explain, answerOf, predictor } = await explained(name, 'multiclass');
  const { classes } = predictor.header;
  for (let row = 0; row < table.rowCount; row += 11) {
    const found = explain(row);
    const answers = [...answerOf(row)];
    const best = answers.indexOf(Math.max(...answers));
    expect(found).toMatchObject({ class: classes![best], scale });
    if (scale === 'probability') expect(Math.abs(found.margin - answers[best])).toBeLessThan(1e-9);
  }
});

test('the greatest parts come first, the others are summed, and each says its direction', async () => {
  const { explain } = await explained('gradient-boosting', 'binary');
  const [all, two] = [explain(3), explain(3, 2)];
  const sizes = all.reasons.map(({ contribution }) => Math.abs(contribution));
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  expect(two.reasons).toEqual(all.reasons.slice(0, 2));
  const rest = all.reasons.slice(2).reduce((sum, { contribution }) => sum + contribution, 0);
  expect(two.other).toBeCloseTo(rest, 12);
  expect(two.margin).toBe(all.margin);
  for (const { contribution, direction } of all.reasons)
    expect(direction).toBe(contribution > 0 ? 'up' : contribution < 0 ? 'down' : 'none');
});

test('what a step made of one feature counts for it, what it made of several is named by the step', async () => {
  const { explain, predictor } = await explained('ridge', 'regression', [
    { kind: 'ratio', of: '소득', by: 'late' },
    { kind: 'calendar', column: 'since', parts: ['month', 'weekday'] },
  ]);
  expect(predictor.inputs).toContain('since_month');
  const { reasons } = explain(5);
  expect(reasons.map(({ feature }) => feature).sort()).toEqual([...RAW, '소득_per_late'].sort());
  const ratio = reasons.find(({ feature }) => feature === '소득_per_late')!;
  expect(ratio.made_of).toEqual({ 소득: '소득 of 5', late: 'late of 5' });
  expect(ratio).not.toHaveProperty('value');
});

test('a learner that cannot say is refused with those that can', async () => {
  await expect(explained('lstm', 'regression')).rejects.toMatchObject({
    code: 'EXPLANATION_UNAVAILABLE',
    fix: expect.stringContaining('gradient-boosting'),
  });
});
