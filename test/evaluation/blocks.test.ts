import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blockLength, endsOfTimes, sumsOfTimes } from '../../src/evaluation/blocks.js';
import { pairedBootstrap, type Scored } from '../../src/evaluation/bootstrap.js';
import { metricNamed } from '../../src/evaluation/metrics.js';
import { type Random, seededRandom, shuffledIndices } from '../../src/util/random.js';

const rmse = metricNamed('rmse');

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Errors of a forecaster of which each one is like the one before. */
function errorsInTime(rows: number, likeness: number, random: Random): Float64Array {
  let error = normal(random);
  return Float64Array.from({ length: rows }, () => {
    const now = error;
    error = likeness * error + Math.sqrt(1 - likeness ** 2) * normal(random);
    return now;
  });
}

const inOrder = (rows: number) => Float64Array.from({ length: rows }, (_, row) => row);
const centred = (values: Float64Array) => sumsOfTimes(values, endsOfTimes(inOrder(values.length)));

describe('blockLength', () => {
  it('is the one of Politis & White, rounded up', () => {
    const text = readFileSync(join(import.meta.dirname, 'vectors', 'block-length.json'), 'utf8');
    const { cases } = JSON.parse(text) as { cases: { series: number[]; length: number; rho: number }[] };
    const found = cases.map(({ series }) => blockLength(centred(Float64Array.from(series))));
    expect(found).toEqual(cases.map(({ length }) => Math.max(1, Math.ceil(length))));
  });

  it('is 1 where nothing can be told', () => {
    for (const values of [[], [1], [1, 2, 3], new Array(50).fill(7)])
      expect(blockLength(centred(Float64Array.from(values)))).toBe(1);
  });
});

describe('pairedBootstrap of rows in time order', () => {
  const rows = 300;
  const random = seededRandom(1);
  const target = new Float64Array(rows);
  const [candidate, other]: Scored[] = [
    { predictions: errorsInTime(rows, 0.8, random) },
    { predictions: errorsInTime(rows, 0.8, random) },
  ];
  const comparison = { metric: rmse, candidate, other };
  const width = ({ lower, upper }: { lower: number; upper: number }) => upper - lower;

  it('draws neighbours together, which makes the interval honest', () => {
    const [plain] = pairedBootstrap(target, [comparison]);
    const [blocks] = pairedBootstrap(target, [comparison], { times: inOrder(rows) });
    expect(plain.blocks).toBeNull();
    expect(blocks.blocks).toMatchObject({ times: rows });
    expect(blocks.blocks?.length).toBeGreaterThan(3);
    expect(blocks.gain).toBeCloseTo(plain.gain, 12);
    expect(width(blocks) / width(plain)).toBeGreaterThan(1.5);
  });

  it('is the same whatever the order the rows are handed over in', () => {
    const order = shuffledIndices(rows, seededRandom(2));
    const shuffled = (values: Float64Array) => Float64Array.from(order, (row) => values[row]);
    const again = {
      metric: rmse,
      candidate: { predictions: shuffled(candidate.predictions) },
      other: { predictions: shuffled(other.predictions) },
    };
    expect(pairedBootstrap(shuffled(target), [again], { times: shuffled(inOrder(rows)) })).toEqual(
      pairedBootstrap(target, [comparison], { times: inOrder(rows) }),
    );
  });

  it('keeps rows of one time together, and counts a block in rows', () => {
    const months = inOrder(rows).map((row) => Math.floor(row / 15));
    // Every row of a month is wrong by the same: 300 rows that know no more than 20.
    const shock = Float64Array.from({ length: 20 }, () => normal(random));
    const sameShock = { predictions: months.map((month) => shock[month]) };
    const flat = { predictions: new Float64Array(rows).fill(0.8) };
    const asked = [{ metric: rmse, candidate: sameShock, other: flat }];
    const [together] = pairedBootstrap(target, asked, { times: months, blockRows: 1 });
    expect(together.blocks).toEqual({ times: 20, length: 1 });
    expect(width(together) / width(pairedBootstrap(target, asked)[0])).toBeGreaterThan(2.5);
    expect(pairedBootstrap(target, asked, { times: months, blockRows: 45 })[0].blocks?.length).toBe(3);
  });

  it('widens the interval where there are few blocks', () => {
    // Values that rise with time: then rows and times are drawn alike, and the widening is all that differs.
    const values = Float64Array.from({ length: 10 }, (_, row) => row + 1);
    const asked = [
      {
        metric: rmse,
        candidate: { predictions: new Float64Array(10) },
        other: { predictions: new Float64Array(10).fill(4) },
      },
    ];
    const [plain] = pairedBootstrap(values, asked);
    const [few] = pairedBootstrap(values, asked, { times: values, blockRows: 1 });
    // sqrt(10 / 9) t / z: 1.833113 with 9 degrees of freedom, 1.644854.
    expect(width(few) / width(plain)).toBeCloseTo((Math.sqrt(10 / 9) * 1.833113) / 1.644854, 4);
  });

  it('gives each pair of models a length of its own, whatever is compared beside it', () => {
    const unlike = { predictions: errorsInTime(rows, 0, random) };
    const both = [comparison, { metric: rmse, candidate: unlike, other: { predictions: target } }];
    const options = { times: inOrder(rows) };
    const [first, second] = pairedBootstrap(target, both, options);
    expect(first).toEqual(pairedBootstrap(target, [comparison], options)[0]);
    expect(second.blocks?.length).toBeLessThan(first.blocks?.length as number);
  });

  it('finds an equal forecaster better about one time in twenty, where rows drawn one by one do far more often', () => {
    const simulations = 300;
    let [inBlocks, oneByOne] = [0, 0];
    for (let seed = 0; seed < simulations; seed++) {
      const stream = seededRandom(seed, 3);
      const zero = new Float64Array(250);
      const asked = [
        {
          metric: rmse,
          candidate: { predictions: errorsInTime(250, 0.8, stream) },
          other: { predictions: errorsInTime(250, 0.8, stream) },
        },
      ];
      const options = { resamples: 300, seed };
      if (pairedBootstrap(zero, asked, { ...options, times: inOrder(250) })[0].lower > 0) inBlocks++;
      if (pairedBootstrap(zero, asked, options)[0].lower > 0) oneByOne++;
    }
    expect(oneByOne / simulations).toBeGreaterThan(0.15);
    expect(inBlocks / simulations).toBeGreaterThan(0.02);
    expect(inBlocks / simulations).toBeLessThan(0.09);
  });
});
