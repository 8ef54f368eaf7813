import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { compileEncoder } from '../../src/datasets/encode-rows.js';
import { loadCurrent } from '../../src/pipeline/load-current.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { scoreFile } from '../../src/pipeline/score-file.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import { errorOf } from '../datasets/support/tables.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

/** A project with a current model; of the Korean regions 제주 defaults most. */
async function project(change = {}) {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const trained = await trainModel(store, planFor(folder, change), { root: folder });
  const judged = await judgeTraining(store, trained);
  await promoteCandidate(store, { judged, actor: 'test', reason: 'the first' });
  const [file, out] = [join(folder, 'in.csv'), join(folder, 'out.csv')];
  const score = async (text: string) => {
    writeFileSync(file, text);
    const result = await scoreFile(store, { model: 'loans', file, out });
    const rows = Papa.parse<Record<string, string>>(readFileSync(out, 'utf8'), {
      header: true,
      skipEmptyLines: true,
    });
    return { ...result, rows: rows.data };
  };
  return { folder, store, score, out };
}

const ROWS = 'income,debt,age,지역\n31.4,27.2,41,제주\n90,,30,서울\n12,40,55,울릉도\n,1,20,\n';

test.each(['logistic', 'gradient-boosting'])(
  '%s: scores of a file are those of the served model for the same rows as JSON, bit for bit',
  async (learner) => {
    const { store, score } = await project({ learner, hyper: learner === 'logistic' ? {} : { trees: 10 } });
    const { rows } = await score(ROWS);
    const { predictor } = await loadCurrent(store.places, 'loans');
    const { cells, rowCount, problemCount } = compileEncoder(predictor.header.signature).encode([
      { income: 31.4, debt: 27.2, age: 41, 지역: '제주' },
      { income: 90, debt: null, age: 30, 지역: '서울' },
      { income: 12, debt: 40, age: 55, 지역: '울릉도' },
      { income: null, debt: 1, age: 20, 지역: null },
    ]);
    expect(problemCount).toBe(0);
    expect(rows.map(({ prediction }) => Number(prediction))).toEqual([
      ...predictor.predictCells(cells, rowCount),
    ]);
  },
);

test('a cell that does not fit is to be mended in the file: no schema changes what the model learned', async () => {
  const { score } = await project({ learner: 'dummy' });
  const error = await errorOf(() => score('income,debt,age,지역\nabc,1,2,서울\n'));
  expect(error.code).toBe('DATA_ROW_INVALID');
  expect(error.fix).toMatch(
    /^mend the cell, or empty it .* the model learned "income" as number, and only a new training/,
  );
});

test("the class is told by the model's own threshold", async () => {
  const { store, score } = await project({ learner: 'gradient-boosting', hyper: { trees: 10 } });
  const { rows } = await score(loansCsv(300, 9));
  const { threshold } = (await loadCurrent(store.places, 'loans')).predictor.header;
  const between = rows.filter(
    ({ prediction }) => Number(prediction) >= 0.5 !== Number(prediction) >= Number(threshold),
  );
  expect(between.length).toBeGreaterThan(0);
  for (const { prediction, predicted_class } of rows)
    expect(predicted_class).toBe(Number(prediction) >= Number(threshold) ? '1' : '0');
});

test('columns may stand in another order, and others beside them are kept', async () => {
  const { score } = await project();
  const { rows: first } = await score(ROWS);
  const reordered = 'note,지역,age,debt,income\na,제주,41,27.2,31.4\nb,서울,30,,90\n';
  const { rows } = await score(reordered);
  expect(rows.map(({ prediction }) => prediction)).toEqual(
    first.slice(0, 2).map(({ prediction }) => prediction),
  );
  expect(rows.map(({ note }) => note)).toEqual(['a', 'b']);
});

test('whole numbers where the model learned fractions, and a column of nothing but gaps, are read by its types', async () => {
  const { score } = await project();
  const { rows } = await score('income,debt,age,지역\n31,27,41,\n30,26,40,NA\n');
  expect(rows).toHaveLength(2);
});

test('a value that is no number for a numeric feature is named, and nothing is written', async () => {
  const { score, out } = await project();
  await score(ROWS);
  const before = readFileSync(out, 'utf8');
  await expect(score('income,debt,age,지역\n31,27,마흔,서울\n')).rejects.toMatchObject({
    code: 'DATA_ROW_INVALID',
    message: expect.stringMatching(/line 2, column "age": "마흔"/),
  });
  expect(readFileSync(out, 'utf8')).toBe(before);
});

test('a regression has a prediction and no class', async () => {
  const { score } = await project({ target: 'income', learner: 'ridge', keep: ['default'] });
  const { rows } = await score('debt,age,지역,default\n27,41,서울,1\n');
  expect(Object.keys(rows[0])).toEqual(['debt', 'age', '지역', 'default', 'prediction']);
});

test('without a current model it says so', async () => {
  const folder = temporaryFolder();
  const store = await openStoreIn(folder);
  await expect(loadCurrent(store.places, 'loans')).rejects.toMatchObject({ code: 'NO_CURRENT_MODEL' });
});
