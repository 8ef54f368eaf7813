import { beforeAll, expect, test } from 'vitest';
import { learners } from '../../src/models/all.js';
import { makeProfile, makeResiduals } from '../../src/models/make-profile.js';
import { decodeModelFile, encodeModelFile, packModelFile } from '../../src/models/model-file.js';
import { decodeSafetensors } from '../../src/models/safetensors.js';
import { toJson } from '../../src/util/json.js';
import { seededRandom } from '../../src/util/random.js';
import { mixedTable, trainOn } from './trained.js';

// biome-ignore lint/suspicious/noExplicitAny: the point is to put anything anywhere
type Anything = any;

const ridge = learners.find(({ name }) => name === 'ridge')!;
const HOUR = 3_600_000;

let bytes: Buffer;
let without: string;
let contentSha256: string;

/** A profile of the model's own rows, as if they came one an hour. */
beforeAll(async () => {
  const { parts, cells, predict } = await trainOn(mixedTable(), ridge, 'regression');
  const { signature, task } = parts;
  const width = signature.features.length;
  const rows = cells.length / width;
  const times = Float64Array.from({ length: rows }, (_, row) => row * HOUR);
  const profile = makeProfile({
    ...{ signature, task, rows },
    column: (i) => Float64Array.from({ length: rows }, (_, row) => cells[row * width + i]),
    scores: { from: 'holdout', values: predict(), times },
  });
  const residuals = makeResiduals(
    Float64Array.from([1, 2, 3, Number.MIN_VALUE]),
    Float64Array.from([1, 1, 5, 0]),
  );
  without = (await encodeModelFile(parts)).contentSha256;
  ({ bytes, contentSha256 } = await encodeModelFile({ ...parts, profile, residuals }));
});

test('profile and residuals come back from the file, and are no part of what the model is', async () => {
  const { header } = await decodeModelFile(bytes, 'x');
  expect(contentSha256).toBe(without);
  expect(header.residuals).toMatchObject({ count: 4 });
  expect(header.residuals?.absolute).toHaveLength(101);
  expect(header.residuals?.absolute[100]).toBe(2);
  expect(header.residuals?.absolute[50]).toBe(0.5);
  const { profile } = header;
  expect(profile?.features.map((feature) => feature?.kind)).toEqual([
    'numbers',
    'numbers',
    'categories',
    'categories',
    'dates',
  ]);
  expect(profile).toMatchObject({
    rows: 120,
    looked: 120,
    scores: { from: 'holdout', reference: { kind: 'numbers' } },
  });
  // Categories that training never saw count, and have no code.
  expect(profile?.features[2]).toMatchObject({ unseen: 10 });
});

test('residuals without rows, or beyond all numbers, are left out', () => {
  expect(makeResiduals(new Float64Array(0), new Float64Array(0))).toBeUndefined();
  expect(makeResiduals(Float64Array.of(1e308), Float64Array.of(-1e308))).toBeUndefined();
});

/** The file with its header changed, sealed as if riskops had written it. */
function withHeader(change: (header: Anything) => void): Buffer {
  const { metadata, tensors } = decodeSafetensors(bytes);
  const header = JSON.parse(metadata['riskops']);
  change(header);
  return packModelFile(JSON.stringify(header), tensors);
}

const NUMBERS = 0;
const REGION = 2;

const hostile: [string, (header: Anything) => void, RegExp][] = [
  ['no object', (h) => (h.profile = 7), /profile is not an object/],
  ['another key', (h) => (h.profile.more = 1), /unknown key "more"/],
  ['too few features', (h) => h.profile.features.pop(), /profile\.features are not those/],
  [
    'a number for a category',
    (h) => (h.profile.features[REGION] = h.profile.features[NUMBERS]),
    /kind categories/,
  ],
  ['a feature of none', (h) => (h.profile.features[NUMBERS] = null), /kind numbers/],
  ['marks that fall', (h) => h.profile.features[NUMBERS].marks.reverse(), /marks are not ascending/],
  ['an infinite mark', (h) => (h.profile.features[NUMBERS].marks[3] = null), /marks\[3\] is not a finite/],
  ['a thousand marks', (h) => (h.profile.features[NUMBERS].marks = Array(1000).fill(0)), /more than 100/],
  ['a count below 0', (h) => (h.profile.features[NUMBERS].at[0] = -1), /at\[0\] is not a count/],
  ['half a row', (h) => (h.profile.features[NUMBERS].between[1] = 0.5), /between\[1\] is not a count/],
  ['fewer counts than marks', (h) => h.profile.features[NUMBERS].at.pop(), /at has \d+ counts/],
  ['a deviation below 0', (h) => (h.profile.features[NUMBERS].deviation = -1), /deviation is below 0/],
  [
    'a category that is none',
    (h) => (h.profile.features[REGION].codes[0] = 99),
    /codes are not different ones below/,
  ],
  [
    'a category twice',
    (h) => (h.profile.features[REGION].codes[0] = h.profile.features[REGION].codes[1]),
    /codes are/,
  ],
  ['seasonal counts without seasons', (h) => (h.profile.features[NUMBERS].seasonal = [1]), /without seasons/],
  [
    'seasons of three hours',
    (h) => (h.profile.seasons = { hours: 3, cells: [] }),
    /hours is none of 1, 4, 24/,
  ],
  [
    'seasons beyond the week',
    (h) => (h.profile.seasons = { hours: 24, cells: [7] }),
    /not ascending times of the week/,
  ],
  [
    'seasonal counts of another length',
    (h) => {
      h.profile.seasons = { hours: 24, cells: [0, 1] };
      h.profile.features[NUMBERS].seasonal = [1, 2, 3];
    },
    /seasonal has 3 counts/,
  ],
  ['more rows looked at than there are', (h) => (h.profile.looked = 1e6), /looked is more/],
  [
    'scores of categories',
    (h) => (h.profile.scores.reference = h.profile.features[REGION]),
    /unknown key|lacks|kind/,
  ],
  ['scores from nowhere', (h) => (h.profile.scores.from = 'x'), /holdout, training/],
  ['a date range that falls', (h) => (h.profile.features[4].range = { min: 2, max: 1 }), /min above its max/],
  ['residuals that fall', (h) => h.residuals.absolute.reverse(), /ascending numbers/],
  ['too few residuals', (h) => h.residuals.absolute.pop(), /101 ascending numbers/],
  ['a residual below 0', (h) => (h.residuals.absolute[0] = -1), /ascending numbers/],
  ['residuals of no rows', (h) => (h.residuals.count = 0), /ascending numbers/],
  ['residuals as text', (h) => (h.residuals.absolute[5] = '1'), /absolute\[5\] is not a finite/],
];

test.each(hostile)('a file is refused with %s', async (_, change, fault) => {
  await expect(decodeModelFile(withHeader(change), 'x')).rejects.toMatchObject({
    code: 'MODEL_FILE_INVALID',
    message: expect.stringMatching(fault),
  });
});

test('residuals of a model that is no regression are refused', async () => {
  const logistic = learners.find(({ name }) => name === 'logistic')!;
  const { parts } = await trainOn(mixedTable(), logistic, 'binary');
  const residuals = makeResiduals(Float64Array.of(1), Float64Array.of(0));
  await expect(encodeModelFile({ ...parts, residuals })).rejects.toMatchObject({
    code: 'MODEL_FILE_INVALID',
  });
});

test('a profile of 20 features with seasons takes at most 60 kilobytes, of many rows as of few', () => {
  const random = seededRandom(5);
  const names = Array.from({ length: 20 }, (_, i) => `x${i}`);
  const features = [
    ...names.map((name) => ({ name, type: 'number' as const, nullable: true })),
    { name: 'at', type: 'date' as const, role: 'time' as const, nullable: false },
  ];
  const rows = 20_000;
  const column = (i: number) =>
    Float64Array.from({ length: rows }, (_, row) => (i === 20 ? row * HOUR : random() * 1e6 - 5e5));
  const profile = makeProfile({
    signature: { features, target: { name: 'y', type: 'number', classes: null } },
    ...{ task: 'regression' as const, rows },
    column: (i) => column(i),
    scores: { from: 'holdout', values: column(0), times: column(20) },
  });
  expect(profile.seasons?.hours).toBe(4);
  expect(toJson(profile).length).toBeLessThan(60 * 1024);
});
