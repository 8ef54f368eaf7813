import type { NumericColumn } from '../table.js';
import type { Aggregate } from './parse-reshape.js';

/** One number of many, for each place of a wide table. Missing numbers do not count; a place without a number is missing. */
export class Aggregates {
  private readonly results: Float64Array;
  private readonly counts: Int32Array;
  /** `last`: when the number that stands was measured. */
  private readonly times: Float64Array | undefined;

  constructor(
    places: number,
    private readonly aggregate: Aggregate,
  ) {
    this.results = new Float64Array(places);
    this.counts = new Int32Array(places);
    this.times = aggregate === 'last' ? new Float64Array(places) : undefined;
  }

  /** Adds the number of a row to a place; `time` is what "last" goes by, and of equal times the later row counts. */
  add(place: number, value: number, time: number): void {
    if (Number.isNaN(value)) return;
    const isFirst = this.counts[place]++ === 0;
    const now = this.results[place];
    if (this.aggregate === 'mean' || this.aggregate === 'sum') this.results[place] = now + value;
    else if (this.times !== undefined) {
      if (!isFirst && time < this.times[place]) return;
      this.results[place] = value;
      this.times[place] = time;
    } else if (isFirst || (this.aggregate === 'max' ? value > now : value < now)) this.results[place] = value;
  }

  /** The result of each place, NaN where there is none. */
  finish(): Float64Array {
    return this.results.map((result, place) => {
      const count = this.counts[place];
      if (this.aggregate === 'count') return count;
      if (count === 0) return Number.NaN;
      return this.aggregate === 'mean' ? result / count : result;
    });
  }
}

/** The type of what an aggregate makes of a column of this type. */
export function aggregateType(aggregate: Aggregate, type: NumericColumn['type']): NumericColumn['type'] {
  if (aggregate === 'count') return 'integer';
  if (aggregate === 'mean') return 'number';
  return aggregate === 'sum' && type === 'boolean' ? 'integer' : type;
}
