import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { evaluateForecasts } from '../../src/pipeline/evaluate-forecast.js';
import { temporaryFolder } from '../support/temporary.js';

/** Like the files of M4: quoted names, each row one series, the shorter ones with empty cells at the end. */
const TRAIN = '"V1","V2","V3","V4","V5"\n"H1","1","3","2","6"\n"H2","10","20","20",""\n';
const TEST = '"V1","V2","V3"\n"H2","10","20"\n"H1","6","3"\n';

function wide(train: string, test: string) {
  const folder = temporaryFolder();
  const [data, testFile] = [join(folder, 'train.csv'), join(folder, 'test.csv')];
  writeFileSync(data, train);
  writeFileSync(testFile, test);
  return (learner: string, season: number | null = 2) =>
    evaluateForecasts({ data, test: testFile, learner, season });
}

it('series are found by their names, and every simple forecast stands beside the one that was asked for', async () => {
  const found = await wide(TRAIN, TEST)('seasonal-naive');
  // H1 repeats 2, 6 against 6, 3: 200 (4 / 8 + 3 / 9) / 2 = 83.333; H2 repeats 20, 20 against 10, 20: 33.333.
  expect(found.smape).toBeCloseTo(175 / 3, 10);
  // Errors 3.5 and 5 over the scales 2 and 10.
  expect(found.mase).toBeCloseTo((1.75 + 0.5) / 2, 12);
  expect(found).toMatchObject({ series: 2, season: 2, horizon: { least: 2, most: 2 }, without_mase: 0 });
  expect(found.baselines.map(({ learner }) => learner)).toEqual([
    ...['naive', 'seasonal-naive', 'mean', 'drift', 'zero-change'],
  ]);
  const own = found.baselines.find(({ learner }) => learner === 'seasonal-naive');
  expect(own).toMatchObject({ smape: found.smape, mase: found.mase });
});

describe('what cannot be read as series is one clear error', () => {
  test.each([
    ['a gap', 'V1,V2,V3,V4\nH1,1,,2\n', 'V1,V2\nH1,1\n', 'a gap'],
    ['no values', 'V1,V2\nH1,\nH2,1\n', 'V1,V2\nH1,1\nH2,1\n', 'no values'],
    ['a name twice', 'V1,V2\nH1,1\nH1,2\n', 'V1,V2\nH1,1\n', 'twice'],
    ['a series without a future', 'V1,V2\nH1,1\nH2,2\n', 'V1,V2\nH1,1\n', '"H2"'],
    ['a series without a past', 'V1,V2\nH1,1\n', 'V1,V2\nH1,1\nH3,1\n', '"H3"'],
    ['text', 'V1,V2\nH1,a\nH2,b\n', 'V1,V2\nH1,1\nH2,1\n', 'the text'],
  ])('%s', async (_, train, test, why) => {
    await expect(wide(train, test)('naive')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      why: expect.stringContaining(why),
    });
  });

  test('a season is asked for where one is repeated', async () => {
    await expect(wide(TRAIN, TEST)('seasonal-naive', null)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await wide(TRAIN, TEST)('naive', null)).toMatchObject({ season: 1 });
  });
});

test('a season that no series holds is refused, and one that some hold leaves out the others', async () => {
  await expect(wide(TRAIN, TEST)('seasonal-naive', 4)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('--season 4 is too long'),
    why: 'The longest has 4 values.',
  });
  expect(await wide(TRAIN, TEST)('seasonal-naive', 3)).toMatchObject({ without_mase: 1 });
});
