import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { parseChecks } from '../../src/datasets/checks/checks.js';
import { learnerFor } from '../../src/models/all.js';
import { encodeModelFile } from '../../src/models/model-file.js';
import { explainFile } from '../../src/pipeline/explain.js';
import { scoreFile } from '../../src/pipeline/score-file.js';
import { mixedTable, trainOn } from '../models/trained.js';
import { addVersion, openTestStore, promote } from '../serving/support.js';
import { temporaryFolder } from '../support/temporary.js';

const ROWS =
  '소득,late,region,owner,since,note\n2000,1,서울,true,2011-02-03,a\n,4,부산,false,2011-03-04,b\n900,9,,,2012-01-01,c\n';

async function project() {
  const folder = temporaryFolder();
  const [file, out] = [join(folder, 'in.csv'), join(folder, 'out.csv')];
  writeFileSync(file, ROWS);
  const store = await openTestStore();
  const { parts } = await trainOn(mixedTable(), learnerFor('ridge'), 'regression');
  const absolute = Array.from({ length: 101 }, (_, i) => i);
  await addVersion(store, await encodeModelFile({ ...parts, residuals: { count: 50, absolute } }));
  await promote(store, 1);
  return { store, file, out, model: 'credit' };
}

test('rows of a file keep the checks, or are named and nothing is written; missing cells break none', async () => {
  const { store, ...asked } = await project();
  const fails = scoreFile(store, {
    ...asked,
    checks: parseChecks([
      { rule: 'late < 4', message: 'Too late.' },
      "since < '2012-01-01' and 소득 > 1000",
      "note != 'b'",
    ]),
  });
  await expect(fails).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: 'Rows 2, 3 break a check.',
    why: expect.stringContaining('Too late.'),
    details: {
      problems: [
        { row: 2, rule: 'late < 4', fields: { late: 4 } },
        { row: 2, rule: "note != 'b'", fields: { note: 'b' } },
        { row: 3, rule: 'late < 4', fields: { late: 9 } },
        { row: 3, fields: { since: '2012-01-01', 소득: 900 } },
      ],
    },
  });
  expect(existsSync(asked.out)).toBe(false);
  const checks = parseChecks(["since is not missing and region in ('서울', '부산')"]);
  expect((await scoreFile(store, { ...asked, checks })).rows).toBe(3);
});

test('lower and upper lie as far from the prediction as the held-out rows say, or are empty with the reason', async () => {
  const { store, ...asked } = await project();
  const rowsOf = () =>
    Papa.parse<Record<string, string>>(readFileSync(asked.out, 'utf8'), {
      header: true,
      skipEmptyLines: true,
    }).data;
  await scoreFile(store, { ...asked, interval: 0.5 });
  for (const { prediction, lower, upper } of rowsOf()) {
    // ceil(51 x 0.5) = 26th of 50: place 25 / 49 of the quantiles, the next that is kept.
    expect(Number(upper) - Number(prediction)).toBeCloseTo(52, 9);
    expect(Number(prediction) - Number(lower)).toBeCloseTo(52, 9);
  }
  const { notes } = await scoreFile(store, { ...asked, interval: 0.99 });
  expect(notes.join(' ')).toContain('needs 99 held-out rows, and the model has 50');
  expect(rowsOf()[0]).toMatchObject({ lower: '', upper: '' });
});

test('the explanation of a file speaks of the features as the server does', async () => {
  const { store, file, model } = await project();
  const { rows } = await explainFile(store, { model, file, rows: 2, top: 99 });
  const [, second] = rows;
  const values = Object.fromEntries(second.explanation.reasons.map(({ feature, value }) => [feature, value]));
  expect(values).toEqual({ 소득: null, late: 4, region: '부산', owner: false, since: '2011-03-04' });
  expect(second.explanation.margin).toBeCloseTo(second.predictions[0], 9);
});
