import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TrainingData } from '../../src/models/learner.js';

const root = join(import.meta.dirname, '..', '..');

/** The bundled credit data, `[header, rows]`, every cell a number. */
function readCredit(): { header: string[]; rows: number[][] } {
  const text = gunzipSync(readFileSync(join(root, 'data', 'uci_credit_default.csv.gz'))).toString('utf8');
  const [header, ...lines] = text.trim().split(/\r?\n/);
  return { header: header.split(','), rows: lines.map((line) => line.split(',').map(Number)) };
}

export interface CreditData {
  train: TrainingData;
  test: TrainingData;
}

/** The split every:5:4 of columns `from`.. before `to` and a target, as `vectors/trees.py` makes it. */
export function creditData({
  from = 1,
  to = 24,
  target = (row: number[]) => row[24],
  classCount = 2,
  rowLimit = 30_000,
  cell = (value: number, _row: number, _column: number) => value,
} = {}): CreditData {
  const { header, rows } = readCredit();
  const taken = rows.slice(0, rowLimit).map((row, i) => ({
    features: row.slice(from, to).map((value, j) => cell(value, i, j)),
    target: target(row),
    isTest: i % 5 === 4,
  }));
  const part = (isTest: boolean): TrainingData => {
    const kept = taken.filter((row) => row.isTest === isTest);
    return {
      x: Float64Array.from(kept.flatMap((row) => row.features)),
      y: Float64Array.from(kept, (row) => row.target),
      rowCount: kept.length,
      names: header.slice(from, to),
      categories: new Int32Array(to - from),
      classCount,
      weights: null,
      previous: null,
      validation: null,
    };
  };
  return { train: part(false), test: part(true) };
}

/** Area under the ROC curve: the share of pairs that are ranked right, ties half. */
export function aucOf(scores: Float64Array, y: Float64Array): number {
  const order = Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  let rankSum = 0;
  let positives = 0;
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && scores[order[end]] === scores[order[i]]) end++;
    for (let k = i; k < end; k++) {
      if (y[order[k]] !== 1) continue;
      rankSum += (i + end + 1) / 2;
      positives++;
    }
    i = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}

export function rmseOf(predictions: Float64Array, y: Float64Array): number {
  return Math.sqrt(predictions.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / y.length);
}

/** The bytes of two lists of numbers are the same. */
export function sameBytes(a: Float64Array, b: Float64Array): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: Float64Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  return bytes(a).equals(bytes(b));
}
